"""Each goal with the figure that was measured for it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

from benchmarks.login.measures import percentile


@dataclass(frozen=True)
class Goal:
    """`at_most` says on which side of `limit` the figure should be."""

    what: str
    figure: float
    limit: float
    at_most: bool = True
    unit: str = ""
    digits: int = 2

    @property
    def met(self) -> bool:
        return self.figure <= self.limit if self.at_most else self.figure >= self.limit

    def cells(self) -> str:
        sign = "≤" if self.at_most else "≥"
        figure = f"{self.figure:,.{self.digits}f}{self.unit}"
        return f"| {self.what} | {sign} {self.limit:,g}{self.unit} | {figure} | {'met' if self.met else '**missed**'} |"


def of_pairs(ours: list[float], others: list[float]) -> float:
    """The median of the ratios of neighbours, so that a busy moment weighs on both."""
    return statistics.median(mine / other for mine, other in zip(ours, others, strict=True))


def cpu(found: dict[str, Any], name: str) -> list[float]:
    """Application and PostgreSQL together, round by round."""
    return [app + database for app, database in zip(found["app"][name], found["database"][name], strict=True)]


def times_as_cheap(found: dict[str, Any]) -> float:
    return of_pairs(cpu(found, "tutorial"), cpu(found, "ours"))


def rate(found: dict[str, Any], name: str) -> float:
    return statistics.median(found["rates"][name])


def goals(found: dict[str, dict[str, Any]]) -> list[Goal]:
    inside, latency, plain, tls = found["inside"]["blocks"], found["latency"], found["rate"], found["rate_tls"]
    exchanges = plain["exchanges"] + latency["exchanges"]
    new = plain["connections"] + latency["connections"]
    ours = rate(plain, "ours")
    return [
        Goal(
            "CPU of a login ÷ floor, in process, least of 30 blocks", inside["ours"].least / inside["floor"].least, 1.7
        ),
        Goal("the same, median of the 30 ratios", of_pairs(inside["ours"].own, inside["floor"].own), 1.7),
        Goal(
            "CPU of tutorial ÷ ours, with PostgreSQL, gunicorn",
            times_as_cheap(found["cpu"]),
            5,
            at_most=False,
            digits=1,
        ),
        Goal("the same with WeChat over TLS", times_as_cheap(found["cpu_tls"]), 14, at_most=False, digits=1),
        Goal("logins/s ÷ tutorial's", ours / rate(plain, "tutorial"), 5, at_most=False, digits=1),
        Goal("the same over TLS", rate(tls, "ours") / rate(tls, "tutorial"), 12, at_most=False, digits=1),
        Goal("logins/s, WeChat at 100 ms, 128 in flight", ours, 500, at_most=False, digits=0),
        Goal("errors meanwhile", len(plain["errors"]["ours"]) + len(tls["errors"]["ours"]), 0, digits=0),
        Goal("logins/s ÷ FastAPI's", ours / rate(plain, "fastapi"), 1, at_most=False),
        Goal("logins/s ÷ the same project's under granian", ours / rate(plain, "granian"), 1, at_most=False),
        Goal(
            "added to WeChat's time at 40/s, median",
            statistics.median(latency["added"]) * 1000,
            5,
            unit=" ms",
            digits=1,
        ),
        Goal("the same, p99", percentile(latency["added"], 0.99) * 1000, 15, unit=" ms", digits=1),
        Goal("CPU of `GET user/info` ÷ bare DRF view", inside["user/info"].least / inside["bare view"].least, 1.5),
        Goal("queries of a silent login", len(found["queries"]["login"]), 2, digits=0),
        Goal("writes among them", sum(verb != "SELECT" for verb in found["queries"]["login"]), 0, digits=0),
        Goal("queries of a token check", len(found["queries"]["info"]), 1, digits=0),
        Goal("exchanges on a kept-alive connection", 100 * (1 - new / exchanges), 99, at_most=False, unit=" %"),
    ]
