from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import translation

from config.doctor import Level, examine

SIGNS = {Level.OK: "ok", Level.WARNING: "warn", Level.ERROR: "FAIL"}


class Command(BaseCommand):
    help = (
        "Asks everything that a login depends on (database, cache, keys, WeChat, switches, agreements) and prints "
        "cause, remedy and WeChat's errcode of what is wrong. Ends with status 1 if something is."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--language", default="en", help="en (default) or zh-hans")

    def handle(self, *args: Any, language: str, **options: Any) -> None:
        with translation.override(language):
            findings = examine()
            for finding in findings:
                errcode = f" [{finding.errcode}]" if finding.errcode is not None else ""
                self.stdout.write(f"{SIGNS[finding.level]:5} {finding.subject}: {finding.cause}{errcode}")
                if finding.remedy and finding.level is not Level.OK:
                    self.stdout.write(f"      → {finding.remedy}")
        if any(finding.level is Level.ERROR for finding in findings):
            raise SystemExit(1)
