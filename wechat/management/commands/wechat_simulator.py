"""WeChat's server API on a port of its own, for development and load tests."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from wechat.simulator.arguments import add_arguments, run
from wechat.simulator.configured import apps_of_settings


class Command(BaseCommand):
    help = "Run the WeChat simulator; without --app it knows the apps of the settings."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        run(options["host"], options["port"], options["apps"] or apps_of_settings())
