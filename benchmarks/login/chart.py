"""The chart of the README: bars drawn as SVG that reads on a light page and on a dark one."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from benchmarks.login.goals import cpu
from benchmarks.login.report import NAMES, About

WIDTH, LABEL, VALUE = 860, 250, 90
BAR, ROW, PANEL = 18, 26, 64
STYLE = """
text { font: 13px -apple-system, "Segoe UI", "Noto Sans", "PingFang SC", sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 14px } .note { fill: #59636e; font-size: 12px }
.bar { fill: #9aa4b0 } .ours { fill: #07a35a } .own { font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note { fill: #9198a1 } .bar { fill: #59636e } .ours { fill: #2bc275 }
}
"""


@dataclass(frozen=True)
class Panel:
    title: str
    note: str
    digits: int
    values: dict[str, float]


def panels(found: dict[str, dict[str, Any]]) -> list[Panel]:
    blocks = found["inside"]["blocks"]
    inside = {name: min(blocks[name]["own"]) / 1000 for name in ("floor", "ours", "tutorial")}
    alone = "CPU of a login in one process, ms"
    return [
        Panel("Logins a second", "WeChat takes 100 ms, 128 in flight; more is better", 0, rates(found["rate"])),
        Panel("Logins a second, WeChat over TLS", "as in real life; more is better", 0, rates(found["rate_tls"])),
        Panel("CPU of a login with PostgreSQL, ms", "WeChat over TLS; less is better", 1, costs(found["cpu_tls"])),
        Panel(alone, "less is better", 2, inside),
    ]


def rates(found: dict[str, Any]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in found["rates"].items()}


def costs(found: dict[str, Any]) -> dict[str, float]:
    return {name: statistics.median(cpu(found, name)) for name in found["app"]}


def svg(found: dict[str, dict[str, Any]], about: About) -> str:
    drawn: list[str] = []
    top = 0
    for panel in panels(found):
        drawn += panel_lines(panel, top)
        top += PANEL + ROW * len(panel.values)
    foot = f"{about.command}, {about.started}, {about.machine}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 30}" role="img">',
            "<title>What a login costs</title>",
            f"<style>{STYLE}</style>",
            *drawn,
            f'<text class="note" x="0" y="{top + 16}">{escape(foot)}</text>',
            "</svg>\n",
        ]
    )


def panel_lines(panel: Panel, top: int) -> Iterator[str]:
    yield f'<text class="title" x="0" y="{top + 18}">{escape(panel.title)}</text>'
    yield f'<text class="note" x="{WIDTH}" y="{top + 18}" text-anchor="end">{escape(panel.note)}</text>'
    most = max(panel.values.values())
    for number, (name, value) in enumerate(panel.values.items()):
        y = top + 30 + number * ROW
        width = max(2, round((WIDTH - LABEL - VALUE) * value / most))
        own = " own" if name == "ours" else ""
        yield f'<text class="{own.strip()}" x="0" y="{y + 14}">{escape(NAMES[name])}</text>'
        yield f'<rect class="bar{" ours" if own else ""}" x="{LABEL}" y="{y}" width="{width}" height="{BAR}" rx="3"/>'
        yield f'<text class="{own.strip()}" x="{LABEL + width + 8}" y="{y + 14}">{value:,.{panel.digits}f}</text>'
