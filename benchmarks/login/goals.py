"""Each goal with the figure that was measured for it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

from benchmarks.login.measures import percentile


@dataclass(frozen=True)
class Goal:
    """`at_most` says on which side of `limit` the figure should be. In the languages of the two READMEs."""

    english: str
    chinese: str
    figure: float
    limit: float
    at_most: bool = True
    unit: str = ""
    digits: int = 2

    @property
    def met(self) -> bool:
        return self.figure <= self.limit if self.at_most else self.figure >= self.limit

    def cells(self, language: str) -> tuple[str, str, str, str]:
        sign = "≤" if self.at_most else "≥"
        figure = f"{self.figure:,.{self.digits}f}{self.unit}"
        return getattr(self, language), f"{sign} {self.limit:,g}{self.unit}", figure, VERDICTS[language][self.met]


VERDICTS = {"english": ("**missed**", "met"), "chinese": ("**未达到**", "达到")}


def of_pairs(ours: list[float], others: list[float]) -> float:
    """The median of the ratios of neighbours, so that a busy moment weighs on both."""
    return statistics.median(mine / other for mine, other in zip(ours, others, strict=True))


def cpu(found: dict[str, Any], name: str) -> list[float]:
    """Application and PostgreSQL together, round by round."""
    return [app + database for app, database in zip(found["app"][name], found["database"][name], strict=True)]


def times_as_cheap(found: dict[str, Any], name: str = "ours") -> float:
    return of_pairs(cpu(found, "tutorial"), cpu(found, name))


def rate(found: dict[str, Any], name: str) -> float:
    return statistics.median(found["rates"][name])


def floors(found: dict[str, dict[str, Any]]) -> dict[str, float]:
    """How far the floor itself is from the tutorial's way, which nothing above it can exceed."""
    return {
        "cpu": times_as_cheap(found["cpu"], "floor"),
        "cpu_tls": times_as_cheap(found["cpu_tls"], "floor"),
        "rate": rate(found["rate"], "floor") / rate(found["rate"], "tutorial"),
        "rate_tls": rate(found["rate_tls"], "floor") / rate(found["rate_tls"], "tutorial"),
    }


def goals(found: dict[str, dict[str, Any]]) -> list[Goal]:
    inside, latency, plain, tls = found["inside"]["blocks"], found["latency"], found["rate"], found["rate_tls"]
    exchanges = plain["exchanges"] + latency["exchanges"]
    new = plain["connections"] + latency["connections"]
    ours = rate(plain, "ours")
    writes = sum(verb != "SELECT" for verb in found["queries"]["login"])
    errors = len(plain["errors"]["ours"]) + len(tls["errors"]["ours"])
    added = [seconds * 1000 for seconds in latency["added"]]
    return [
        Goal(
            "CPU of a login ÷ floor's, in process, least of the blocks",
            "单次登录 CPU ÷ 下限,进程内,各轮最小值",
            min(inside["ours"]["own"]) / min(inside["floor"]["own"]),
            1.7,
        ),
        Goal(
            "the same, median of the ratios",
            "同上,各轮比值的中位数",
            of_pairs(inside["ours"]["own"], inside["floor"]["own"]),
            1.7,
        ),
        Goal(
            "CPU of the tutorial's ÷ ours, with PostgreSQL, under gunicorn",
            "教程写法 ÷ 本项目:应用加 PostgreSQL 的 CPU,gunicorn 下",
            times_as_cheap(found["cpu"]),
            5,
            at_most=False,
            digits=1,
        ),
        Goal(
            "the same, WeChat over TLS",
            "同上,经 TLS 访问微信",
            times_as_cheap(found["cpu_tls"]),
            14,
            at_most=False,
            digits=1,
        ),
        Goal(
            "logins/s ÷ the tutorial's",
            "每秒登录数 ÷ 教程写法",
            ours / rate(plain, "tutorial"),
            5,
            at_most=False,
            digits=1,
        ),
        Goal(
            "the same, WeChat over TLS",
            "同上,经 TLS 访问微信",
            rate(tls, "ours") / rate(tls, "tutorial"),
            12,
            at_most=False,
            digits=1,
        ),
        Goal(
            "logins/s, WeChat takes 100 ms, 128 in flight",
            "每秒登录数,微信耗时 100 毫秒,128 个并发",
            ours,
            500,
            at_most=False,
            digits=0,
        ),
        Goal("errors meanwhile", "期间的错误", errors, 0, digits=0),
        Goal("logins/s ÷ FastAPI's", "每秒登录数 ÷ FastAPI", ours / rate(plain, "fastapi"), 1, at_most=False),
        Goal(
            "logins/s ÷ this project's under granian",
            "每秒登录数 ÷ 由 granian 运行的本项目",
            ours / rate(plain, "granian"),
            1,
            at_most=False,
        ),
        Goal(
            "added to WeChat's own time at 40 logins/s, median",
            "每秒 40 次登录时在微信耗时之外增加的时间,中位数",
            statistics.median(added),
            5,
            unit=" ms",
            digits=1,
        ),
        Goal("the same, p99", "同上,p99", percentile(added, 0.99), 15, unit=" ms", digits=1),
        Goal(
            "CPU of `GET user/info` ÷ a bare DRF view's",
            "`GET user/info` 的 CPU ÷ 最简 DRF 视图",
            min(inside["user/info"]["own"]) / min(inside["bare view"]["own"]),
            1.5,
        ),
        Goal("queries of a silent login", "静默登录的查询数", len(found["queries"]["login"]), 2, digits=0),
        Goal("writes among them", "其中的写入", writes, 0, digits=0),
        Goal("queries of a token check", "校验令牌的查询数", len(found["queries"]["info"]), 1, digits=0),
        Goal(
            "exchanges on a kept-alive connection",
            "复用连接的请求占比",
            100 * (1 - new / exchanges),
            99,
            at_most=False,
            unit=" %",
        ),
    ]
