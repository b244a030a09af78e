"""Bar charts as plain numbers: a template draws them as SVG, without a script and without an inline style.

Lengths are whole units of the chart's own coordinates, which the page stretches to the width it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 1000
STEP, GAP = 100, 28
ROUND = (1, 2, 4, 5, 6, 8, 10)


@dataclass(frozen=True)
class Column:
    """One day. `values` are stacked from the bottom, one per series; None is a day that nobody has counted."""

    label: str
    values: tuple[int, ...] | None

    @property
    def total(self) -> int:
        return sum(self.values or ())


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    height: int
    series: int


@dataclass(frozen=True)
class DrawnColumn:
    label: str
    x: int
    counted: bool
    values: tuple[int, ...]
    total: int
    bars: list[Bar]


@dataclass(frozen=True)
class Chart:
    columns: list[DrawnColumn]
    top: int
    height: int = HEIGHT
    bar_width: int = STEP - GAP
    step: int = STEP

    @property
    def width(self) -> int:
        return len(self.columns) * STEP

    @property
    def middle(self) -> int:
        return self.top // 2


def chart(columns: Sequence[Column]) -> Chart:
    top = round_up(max((column.total for column in columns), default=0))
    return Chart([drawn(column, number * STEP, top) for number, column in enumerate(columns)], top)


def drawn(column: Column, x: int, top: int) -> DrawnColumn:
    bars, below = [], 0
    for series, value in enumerate(column.values or ()):
        if value:
            y = HEIGHT - length(below + value, top)
            bars.append(Bar(x + GAP // 2, y, HEIGHT - length(below, top) - y, series))
        below += value
    return DrawnColumn(column.label, x, column.values is not None, column.values or (), column.total, bars)


def length(value: int, top: int, full: int = HEIGHT) -> int:
    """`value` on a scale from 0 to `top`; whatever is there at all is seen."""
    return max(round(value * full / top), full // 80) if value and top else 0


def round_up(value: int) -> int:
    """The next number that reads well on an axis and has a whole half."""
    if value <= 2:
        return 2
    power = 1
    while True:
        for factor in ROUND:
            if factor * power >= value and factor * power % 2 == 0:
                return factor * power
        power *= 10
