"""How much of everything so many daily users need: `python -m benchmarks.capacity` prints the table of docs/scale.md.

Computed from `results/capacity.json`, which `benchmarks.capacity_figures` measured, and from the assumptions below.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).parent / "results" / "capacity.json"
DAILY_USERS = (1_000, 100_000, 10_000_000)

# A mini-program is opened so often by one person in a day; each time it logs in silently and asks so much.
OPENED_A_DAY = 3
REQUESTS_EACH_TIME = 10
# The share of a day in its busiest hour, and how far the busiest second is above that hour's average.
BUSIEST_HOUR, BUSIEST_SECOND = 0.12, 3
NEW_EACH_DAY = 0.02
# Registered people for each one who comes on a day.
REGISTERED = 5
EVENTS_KEPT_DAYS = 180
# Cores are not planned to be busier than this; a server less than two is none.
BUSY = 0.6
FEWEST_PROCESSES = 2
# Of each process: config/database.py, WECHAT_MAX_IN_FLIGHT and what WeChat usually takes.
POOL, IN_FLIGHT, WECHAT_SECONDS = 16, 64, 0.1
# US dollars a month: a virtual core with its memory, a gigabyte of replicated disk.
CORE_PRICE, GIGABYTE_PRICE = 20, 0.15


@dataclass(frozen=True)
class Need:
    """Of one size of service; rates are those of the busiest second."""

    logins: float
    requests: float
    app_cores: int
    postgres_cores: int
    processes: int
    connections: int
    waiting: int
    redis_commands: float
    rows_written: float
    gigabytes: float
    cost: float


def need(daily_users: int, figures: dict[str, Any]) -> Need:
    logins = busiest(daily_users * OPENED_A_DAY)
    requests = logins * REQUESTS_EACH_TIME
    new = busiest(daily_users * NEW_EACH_DAY)
    # Every login of a person counts as the first of its hour, which is the dearer one.
    rates = {"login": logins, "request": requests, "registration": new}

    def total(figure: str) -> float:
        return sum(rate * figures[act][figure] for act, rate in rates.items())

    waiting = math.ceil((logins + new) * WECHAT_SECONDS)
    app_cores, postgres_cores = cores(total("app_ms")), cores(total("postgres_ms"))
    processes = max(FEWEST_PROCESSES, app_cores, math.ceil(waiting / IN_FLIGHT))
    stored = gigabytes(daily_users, figures["bytes"])
    return Need(
        logins=logins,
        requests=requests,
        app_cores=app_cores,
        postgres_cores=postgres_cores,
        processes=processes,
        connections=processes * POOL,
        waiting=waiting,
        redis_commands=total("redis_commands"),
        rows_written=total("rows_written"),
        gigabytes=stored,
        cost=(app_cores + postgres_cores) * CORE_PRICE + stored * GIGABYTE_PRICE,
    )


def busiest(a_day: float) -> float:
    """Of so many on a day, how many in its busiest second."""
    return a_day * BUSIEST_HOUR / 3600 * BUSIEST_SECOND


def cores(milliseconds_a_second: float) -> int:
    return max(1, math.ceil(milliseconds_a_second / 1000 / BUSY))


def gigabytes(daily_users: int, size: dict[str, int]) -> float:
    accounts = daily_users * REGISTERED * size["account"]
    events = daily_users * OPENED_A_DAY * EVENTS_KEPT_DAYS * size["event"]
    return (accounts + events) / 1e9


def readable(number: float) -> str:
    """Two digits that mean something; the third would claim too much."""
    if number >= 100:
        number = round(number, 1 - math.floor(math.log10(number)))
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


ROWS: list[tuple[str, str]] = [
    ("logins a second", "logins"),
    ("requests with a token a second", "requests"),
    ("calls waiting for WeChat", "waiting"),
    ("cores for the application", "app_cores"),
    ("cores for PostgreSQL", "postgres_cores"),
    ("processes", "processes"),
    ("database connections, pools full", "connections"),
    ("Redis commands a second", "redis_commands"),
    ("rows written a second", "rows_written"),
    ("gigabytes in PostgreSQL", "gigabytes"),
    ("US dollars a month", "cost"),
]


def table(figures: dict[str, Any]) -> str:
    needs = [need(users, figures) for users in DAILY_USERS]
    lines = [f"| daily users | {' | '.join(f'{users:,}' for users in DAILY_USERS)} |", "|---|" + "---:|" * len(needs)]
    lines += [f"| {name} | {' | '.join(readable(getattr(one, field)) for one in needs)} |" for name, field in ROWS]
    return "\n".join(lines)


def measured(figures: dict[str, Any]) -> str:
    """What the table was computed from."""
    names = {
        "login": "silent login, the first in an hour",
        "login_again": "silent login, again",
        "registration": "registration with a completed profile",
        "request": "`user/info`",
    }
    columns = ("app_ms", "postgres_ms", "redis_commands", "rows_written")
    lines = ["| one | app, ms of CPU | PostgreSQL, ms of CPU | Redis commands | rows written |", "|---|" + "---:|" * 4]
    lines += [
        f"| {name} | {' | '.join(f'{figures[act][column]:.1f}' for column in columns)} |" for act, name in names.items()
    ]
    return "\n".join(lines)


def main() -> None:
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    print(measured(figures), table(figures), sep="\n\n")


if __name__ == "__main__":
    main()
