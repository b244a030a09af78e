"""What the switches mean for people. Asked here, answered by whoever serves the logins: `accounts` registers itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from settings_app.models import LoginSettings

Kind = Literal["in", "step", "out"]


@dataclass(frozen=True)
class Cell:
    """What one visitor gets in one way: let in, a step to do or kept out; in words, and as the server answers it."""

    kind: Kind
    words: str
    answer: str


@dataclass(frozen=True)
class Visitor:
    who: str
    silent_login: Cell
    authorized_login: Cell
    protected: Cell

    @property
    def cells(self) -> tuple[Cell, Cell, Cell]:
        return self.silent_login, self.authorized_login, self.protected


class Forecast(Protocol):
    def visitors(self, switches: LoginSettings) -> list[Visitor]:
        """What everybody gets under these switches."""

    def impact(self, before: LoginSettings, after: LoginSettings) -> list[str]:
        """How many people a change would touch, in sentences, from real counts."""

    def phone_capability(self) -> bool | None:
        """False if WeChat said last that a mini-program may not read phone numbers, None if nobody knows."""


class NobodyKnows:
    """Stands in until somebody registers."""

    def visitors(self, switches: LoginSettings) -> list[Visitor]:
        return []

    def impact(self, before: LoginSettings, after: LoginSettings) -> list[str]:
        return []

    def phone_capability(self) -> bool | None:
        return None


registered: Forecast = NobodyKnows()


def register(forecast: Forecast) -> None:
    global registered
    registered = forecast


def visitors(switches: LoginSettings) -> list[Visitor]:
    return registered.visitors(switches)


def impact(before: LoginSettings, after: LoginSettings) -> list[str]:
    return registered.impact(before, after)


def phone_capability() -> bool | None:
    return registered.phone_capability()


@dataclass(frozen=True)
class Difference:
    """A cell, and what stood there before if that was something else."""

    cell: Cell
    before: Cell | None = None


def table(switches: LoginSettings, *, present: LoginSettings | None = None) -> list[tuple[str, list[Difference]]]:
    """A row for each visitor; with `present`, what would change is told from what would stay."""
    before = {row.who: row.cells for row in visitors(present or switches)}
    return [(row.who, [*map(differing, row.cells, before[row.who])]) for row in visitors(switches)]


def differing(cell: Cell, before: Cell) -> Difference:
    return Difference(cell, before if before != cell else None)
