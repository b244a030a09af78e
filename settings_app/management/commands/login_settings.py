from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from settings_app.history import change_switches
from settings_app.models import SWITCHES, LoginSettings, SwitchChange, on_off

VALUES = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}


class Command(BaseCommand):
    help = "Show the three login switches, or set them: login_settings mnp_wechat_auth=off coerce_mobile=on"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("changes", nargs="*", metavar="name=on|off")

    def handle(self, *args: Any, changes: list[str], **options: Any) -> None:
        if wanted := parse(changes):
            change_switches(wanted, source=SwitchChange.Source.SHELL)
        switches = LoginSettings.current()
        for name, on in switches.switches().items():
            self.stdout.write(f"{name}={on_off(on)}")
        if switches.warning:
            self.stderr.write(switches.warning)


def parse(changes: list[str]) -> dict[str, bool]:
    wanted: dict[str, bool] = {}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in SWITCHES:
            raise CommandError(f"There is no switch {name!r}. The switches are: {', '.join(SWITCHES)}.")
        if value.lower() not in VALUES:
            raise CommandError(f"{value!r} is not a value of {name}. The values are: on, off, true, false, 1, 0.")
        if name in wanted:
            raise CommandError(f"{name} is named twice.")
        wanted[name] = VALUES[value.lower()]
    return wanted
