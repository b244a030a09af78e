"""A change of the switches that somebody looks at before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from settings_app.models import SWITCHES, LoginSettings, SwitchChange, on_off

STATES = {"on": True, "off": False}
BEFORE, AFTER = "before-", "after-"


@dataclass(frozen=True)
class Proposal:
    before: LoginSettings
    after: LoginSettings

    @classmethod
    def of(cls, changes: Mapping[str, bool]) -> Proposal:
        """The named switches changed, the others as they stand now, whoever set them meanwhile."""
        before = LoginSettings.current()
        return cls(before, LoginSettings(pk=1, **{**before.switches(), **changes}))

    @property
    def changes(self) -> dict[str, bool]:
        before = self.before.switches()
        return {name: on for name, on in self.after.switches().items() if on != before[name]}

    @property
    def lines(self) -> list[str]:
        return SwitchChange(before=self.before.switches(), after=self.after.switches()).lines

    @property
    def fields(self) -> dict[str, str]:
        """What the confirming form sends along: the state that was looked at and the one that was chosen."""
        return {
            **{f"{BEFORE}{name}": on_off(on) for name, on in self.before.switches().items()},
            **{f"{AFTER}{name}": on_off(on) for name, on in self.after.switches().items()},
        }


def stated(data: Mapping[str, str], prefix: str = "") -> dict[str, bool] | None:
    """All three switches as a form or an address states them; None if one is missing or garbled."""
    values = {name: STATES.get(data.get(f"{prefix}{name}", "")) for name in SWITCHES}
    known = {name: on for name, on in values.items() if on is not None}
    return known if len(known) == len(SWITCHES) else None
