"""The results as a page: each goal beside its figure, then what was measured."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.login.goals import cpu, floors, goals
from benchmarks.login.measures import percentile

NAMES = {
    "floor": "floor",
    "ours": "this project",
    "granian": "this project under granian",
    "fastapi": "FastAPI, httpx, SQLAlchemy async",
    "tutorial": "tutorial way",
}
WAYS = """\
*floor*: a raw WSGI callable that parses JSON, asks WeChat on a kept-alive connection, does one SELECT through a pool,
signs one token. *tutorial way*: `startproject`, APIView, `requests.get`, `get_or_create`, `RefreshToken.for_user`.
*bare view*: `startproject`'s middleware and a DRF view with this project's token check. All have the same two
processes, and threads enough for 128 logins in flight; their code is in [benchmarks/login](../login)."""


@dataclass(frozen=True)
class About:
    command: str
    started: str
    machine: str
    load_before: float
    load_after: float
    quick: float


def machine() -> str:
    return f"{os.cpu_count()} cores for everything ({processor()}), Python {platform.python_version()}"


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def markdown(found: dict[str, dict[str, Any]], about: About, name: str) -> str:
    parts = [
        "# What a login costs",
        heading(about),
        f"![the same as a chart]({name}.svg)",
        goal_table(found, "english"),
        REACH["english"].format(**floors(found)),
        WAYS,
        *inside(found["inside"]["blocks"]),
        *under_gunicorn(found),
        *rates(found),
        *latency(found["latency"]),
        *scales(found["scales"]),
        *registration(found["registration"]),
    ]
    return "\n\n".join(parts) + "\n"


def heading(about: About) -> str:
    shortened = "" if about.quick == 1 else f" **Shortened to {about.quick:g} of the time.**"
    return (
        f"`{about.command}`, {about.started}, {about.machine}. The machine's load before it "
        f"was {about.load_before:.1f}; at the end, with the benchmark's own, {about.load_after:.1f}.{shortened}"
    )


TITLES = {"english": ["goal", "", "measured", ""], "chinese": ["目标", "", "实测", ""]}
REACH = {
    "english": (
        "The tutorial's way takes {cpu:.1f} times the floor's CPU, over TLS {cpu_tls:.1f} times; the floor answers "
        "{rate:.1f} and {rate_tls:.1f} times as many logins a second. Nothing that does more than the floor can go "
        "further on this machine."
    ),
    "chinese": (
        "教程写法的 CPU 是下限的 {cpu:.1f} 倍,经 TLS 为 {cpu_tls:.1f} 倍;下限每秒的登录数是教程写法的 {rate:.1f} 倍,"
        "经 TLS 为 {rate_tls:.1f} 倍。比下限做得更多的写法,在这台机器上不可能超过这些倍数。"
    ),
}
# What the READMEs say above and below this section stays as it is.
BEGIN, END = "<!-- speed: written by make bench -->", "<!-- /speed -->"


def goal_table(found: dict[str, dict[str, Any]], language: str) -> str:
    return table(TITLES[language], [row(*goal.cells(language)) for goal in goals(found)])


def in_readme(readme: str, found: dict[str, dict[str, Any]], about: About, language: str) -> str:
    """The README with the new figures between its two marks."""
    before, _begin, rest = readme.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    made = {
        "english": f"Made by `{about.command}` on {about.started}, {about.machine}.",
        "chinese": f"由 `{about.command}` 于 {about.started} 测得,{about.machine}。",
    }
    reach = REACH[language].format(**floors(found))
    return f"{before}{BEGIN}\n{made[language]}\n\n{goal_table(found, language)}\n\n{reach}\n{END}{after}"


def table(titles: list[str], rows: list[str]) -> str:
    rule = "|".join(["", "---", *["---:"] * (len(titles) - 1), ""])
    return "\n".join([f"| {' | '.join(titles)} |", rule, *rows])


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def spread(values: list[float], digits: int) -> tuple[str, str, str]:
    return tuple(f"{value:,.{digits}f}" for value in (min(values), statistics.median(values), max(values)))  # type: ignore[return-value]


def inside(blocks: dict[str, Any]) -> Iterator[str]:
    yield (
        "## In one process\n\nMicroseconds of CPU a call, in blocks of 100 calls in alternation "
        f"({len(blocks['ours']['own'])} blocks each); no server, no Redis."
    )
    rows = [row(NAMES.get(name, name), *spread(each["own"], 0)) for name, each in blocks.items()]
    yield table(["", "least", "median", "most"], rows)


def under_gunicorn(found: dict[str, Any]) -> Iterator[str]:
    yield (
        "## Under gunicorn\n\nMilliseconds of CPU a login, with 16 in flight, in alternation. This project counts its "
        "limits in Redis, as the README says; the others have no limits."
    )
    rows = [
        row(
            NAMES[name] + ("" if key == "cpu" else ", TLS"),
            f"{statistics.median(found[key]['app'][name]):.2f}",
            f"{statistics.median(found[key]['database'][name]):.2f}",
            *spread(cpu(found[key], name), 2),
            len(found[key]["errors"][name]),
        )
        for key in ("cpu", "cpu_tls")
        for name in found[key]["app"]
    ]
    yield table(["", "application", "PostgreSQL", "both: least", "median", "most", "errors"], rows)


def rates(found: dict[str, Any]) -> Iterator[str]:
    yield (
        "## Logins a second\n\nWeChat takes 100 ms, 128 logins are in flight; the load, WeChat, PostgreSQL and Redis "
        "run on the same cores."
    )
    rows = [
        row(
            NAMES[name] + ("" if key == "rate" else ", TLS"),
            *spread(found[key]["rates"][name], 0),
            *(f"{milliseconds:,.0f}" for milliseconds in found[key]["milliseconds"][name].values()),
            len(found[key]["errors"][name]),
        )
        for key in ("rate", "rate_tls")
        for name in found[key]["rates"]
    ]
    yield table(["", "least", "median", "most", "p50 ms", "p99 ms", "errors"], rows)


def latency(found: dict[str, Any]) -> Iterator[str]:
    added = [seconds * 1000 for seconds in found["added"]]
    figures = ", ".join(f"p{share * 100:g} {percentile(added, share):.1f} ms" for share in (0.5, 0.9, 0.99, 0.999))
    yield (
        f"## Added latency\n\nBeyond what WeChat took for the same login ({len(added):,} logins at random moments, 40 "
        f"a second on average, {len(found['errors'])} errors): {figures}."
    )


def scales(found: dict[str, Any]) -> Iterator[str]:
    yield (
        "## From a thousand people to millions\n\nMicroseconds of CPU a login in process, least and median, "
        "PostgreSQL's beside them, and the blocks that each query reads. Every lookup is by index."
    )
    rows = [
        row(
            f"{int(users):,}",
            *spread(found["blocks"][users]["own"], 0)[:2],
            f"{statistics.median(found['blocks'][users]['database']):,.0f}",
            *(buffers(plan) for plan in plans.values()),
        )
        for users, plans in found["plans"].items()
    ]
    names = next(iter(found["plans"].values()))
    yield table(["people", "least", "median", "PostgreSQL", *(f"blocks: {name}" for name in names)], rows)
    largest = max(found["plans"], key=int)
    for name, plan in found["plans"][largest].items():
        text = "\n".join(plan)
        yield f"The plan for the {name} among {int(largest):,} people:\n\n```\n{text}\n```"


def buffers(plan: list[str]) -> str:
    line = next(line for line in plan if "Buffers:" in line)
    return str(sum(int(part.partition("=")[2]) for part in line.split() if part.startswith(("hit=", "read="))))


def registration(found: dict[str, Any]) -> Iterator[str]:
    during = found["registrations under the admin"]
    yield (
        "## Registration\n\nAuthorised logins of people whom nobody knows yet, each of them one transaction, "
        f"16 in flight, WeChat answers at once: {statistics.median(found['rates']):,.0f} a second "
        f"({statistics.median(found['app']):.1f} ms of CPU each, and {statistics.median(found['database']):.1f} in "
        f"PostgreSQL), {len(found['errors'])} errors. The admin's pages alone, and while 40 people a second register "
        f"(their p50 meanwhile {during['p50']:.0f} ms, p99 {during['p99']:.0f} ms):"
    )
    pages = found["admin alone"]
    rows = [row(name, f"{pages[name]:.0f}", f"{found['admin under registrations'][name]:.0f}") for name in pages]
    yield table(["page", "alone, ms", "meanwhile, ms"], rows)
