"""What a login costs, beside the ways people usually write one: `make bench`.

Everything it needs it starts itself, on free ports of loopback: PostgreSQL, Redis, a WeChat and the servers that are
compared. The results go to benchmarks/results, and into the READMEs; `--users 10000000` fills one database more, for
which ten minutes do not suffice.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.login import chart, measures, report
from benchmarks.login.processes import ROOT
from benchmarks.login.world import World, world

RESULTS = ROOT / "benchmarks/results"
SCALES = [1_000, 100_000, 1_000_000]
PEOPLE = 100_000


@dataclass(frozen=True)
class Step:
    """Where the results go, what the progress bar says, the work, and the seconds after which it is cut off.

    A busy machine gets fewer rounds instead of more minutes; `least` is how far it has to be by then.
    """

    key: str
    title: str
    work: Callable[[World, dict[str, Any]], measures.Progress]
    seconds: float
    least: float = 1.0


def fill(world: World, found: dict[str, Any], users: int) -> measures.Progress:
    started = time.monotonic()
    world.postgres.create(f"login_{users}")
    world.run("-m", "benchmarks.login.people", "--users", str(users), DATABASE_URL=world.database(users))
    found[str(users)] = time.monotonic() - started
    yield 1.0


def fill_tutorial(world: World, found: dict[str, Any]) -> measures.Progress:
    world.run("-m", "benchmarks.login.people", "--users", str(world.people), "--tutorial")
    yield 1.0


def steps(sizes: list[int], quick: float) -> list[Step]:
    """`quick` shortens each."""
    rounds, seconds = max(1, round(8 * quick)), 6 * quick
    cpu, rate = partial(measures.cpu_under_gunicorn, rounds=rounds), partial(measures.throughput, seconds=seconds)
    return [
        *(Step("filled", f"fill a database: {users:,} people", partial(fill, users=users), 60) for users in sizes),
        Step("filled", "fill the tutorial's database", fill_tutorial, 10),
        Step("queries", "count the queries", measures.queries, 10),
        Step("inside", "CPU in one process", measures.in_process, 50, 0.3),
        Step("scales", "the same, among more people", partial(measures.scales, sizes=sizes), 30, 0.3),
        Step("cpu", "CPU under gunicorn", partial(cpu, tls=False, calls=300), 60, 0.3),
        Step("cpu_tls", "the same over TLS", partial(cpu, tls=True, calls=200), 60, 0.3),
        Step("rate", "logins a second", partial(rate, names=measures.RIVALS, tls=False), 110, 0.3),
        Step("rate_tls", "the same over TLS", partial(rate, names=measures.RIVALS_OVER_TLS, tls=True), 90, 0.3),
        Step("latency", "latency at 40 logins/s", partial(measures.added_latency, seconds=30 * quick), 40),
        Step("registration", "registrations and the admin", partial(measures.registration, seconds=seconds), 40),
    ]


def measure(world: World, sizes: list[int], quick: float) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    planned = steps(sizes, quick)
    columns = (TextColumn("{task.description:<40}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        whole = progress.add_task("all measurements", total=len(planned))
        for step in planned:
            began = time.monotonic()
            task = progress.add_task(f"  {step.title}", total=1.0)
            with closing(step.work(world, found.setdefault(step.key, {}))) as shares:
                for share in shares:
                    progress.update(task, completed=share)
                    if share >= step.least and time.monotonic() - began > step.seconds * quick:
                        break
            progress.update(task, completed=1.0)
            progress.advance(whole)
            if not progress.console.is_terminal:
                progress.console.print(f"{step.title}: {time.monotonic() - began:.0f} s", highlight=False)
    return found


def write(found: dict[str, dict[str, Any]], about: report.About, name: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    kept = json.dumps({"about": asdict(about), "found": rounded(found)}, ensure_ascii=False, indent=1)
    (RESULTS / f"{name}.json").write_text(kept + "\n", encoding="utf-8")
    (RESULTS / f"{name}.md").write_text(report.markdown(found, about, name), encoding="utf-8")
    (RESULTS / f"{name}.svg").write_text(chart.svg(found, about), encoding="utf-8")
    if name == "login" and about.quick == 1:
        for readme, language in {"README.md": "english", "README.zh-CN.md": "chinese"}.items():
            text = (ROOT / readme).read_text(encoding="utf-8")
            (ROOT / readme).write_text(report.in_readme(text, found, about, language), encoding="utf-8")


def rounded(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: rounded(value) for key, value in found.items()}
    if isinstance(found, list):
        return [rounded(value) for value in found]
    return float(f"{found:.5g}") if isinstance(found, float) else found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, action="append", help="another database of so many people")
    parser.add_argument("--quick", type=float, default=1.0, help="0.2 measures a fifth as long, and says so")
    parser.add_argument("--into", default="login", help="the name of the results")
    parser.add_argument("--again", action="store_true", help="write what was measured before as pages again")
    given = parser.parse_args()
    if given.again:
        kept = json.loads((RESULTS / f"{given.into}.json").read_text(encoding="utf-8"))
        write(kept["found"], report.About(**kept["about"]), given.into)
        return
    sizes = sorted({*(SCALES if given.quick == 1 else SCALES[:2]), *(given.users or [])})
    started, load_before = datetime.now(UTC), os.getloadavg()[0]
    with world(PEOPLE) as made:
        found = measure(made, sizes, given.quick)
    about = report.About(
        command=" ".join(["python -m benchmarks.login", *sys.argv[1:]]) if sys.argv[1:] else "make bench",
        started=f"{started:%Y-%m-%d}",
        machine=report.machine(),
        load_before=load_before,
        load_after=os.getloadavg()[0],
        quick=given.quick,
    )
    write(found, about, given.into)
    print(report.goal_table(found, "english"))


if __name__ == "__main__":
    main()
