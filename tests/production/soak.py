"""Hours of ordinary load, by hand: `python -m tests.production.soak --minutes 60`. Prints one line for each minute.

Memory of the processes (those of all workers together), connections to PostgreSQL and Redis, and the latency of
logins and token checks: all of them should be as they were after the first minutes. Needs what `make test-production`
needs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.production.load import Answer, Lost, Phone, Stream, percentile, streaming
from tests.production.servers import Gunicorn, PostgreSQL, Redis, Server, Wechat

PEOPLE = 200
HEAD = "minute  RSS MB  PostgreSQL  sockets  logins  p50 ms  p99 ms  checks  p50 ms  p99 ms  refused  lost"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=20, help="logins a second, and as many token checks")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as name, ExitStack() as stack:
        Path(name).chmod(0o755)
        soak(stack, Path(name), given.minutes, given.rate)


def soak(stack: ExitStack, folder: Path, minutes: float, rate: float) -> None:
    postgresql, redis, wechat = (stack.enter_context(running(kind(folder))) for kind in (PostgreSQL, Redis, Wechat))
    postgresql.execute("CREATE DATABASE login")
    services = {"DATABASE_URL": postgresql.url("login"), "REDIS_URL": redis.url, "WECHAT_API_BASE": wechat.url}
    server = Gunicorn(folder, services)
    server.manage("migrate", "--verbosity=0")
    stack.enter_context(running(server))
    people = [Phone(server.port, f"person{number}").registered() for number in range(PEOPLE)]
    visitors = [Phone(server.port, person.person) for person in people]
    print(HEAD, flush=True)
    with streaming(rate, people, Phone.info) as checks, streaming(rate, visitors, Phone.silent_login) as logins:
        for minute in range(1, max(1, round(minutes)) + 1):
            time.sleep(60)
            print(line(minute, server, postgresql, logins, checks), flush=True)
    for logged in server.logged():
        if logged["level"] != "INFO":
            print(logged["time"], logged["level"], logged["message"])


@contextmanager
def running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def line(minute: int, server: Gunicorn, postgresql: PostgreSQL, logins: Stream, checks: Stream) -> str:
    ours = postgresql.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = 'login'")[0][0]
    sockets = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in server.workers())
    asked = taken(logins), taken(checks)
    lost = sum(isinstance(future.exception(), Lost) for futures in asked for future in futures)
    answered = [[future.result() for future in futures if not future.exception()] for futures in asked]
    refused = sum(answer.outcome != 1 for answers in answered for answer in answers)
    latency = "".join(
        f"{len(answers):8}{percentile(answers, 0.5) * 1000:8.1f}{percentile(answers, 0.99) * 1000:8.1f}"
        for answers in answered
    )
    return f"{minute:6}{memory(server):8.1f}{ours:12}{sockets:9}{latency}{refused:9}{lost:6}"


def memory(server: Gunicorn) -> float:
    """Megabytes that the workers hold."""
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in server.workers()]
    return sum(pages) * 4096 / 1e6


def taken(stream: Stream) -> list[Future[Answer]]:
    """What was asked since the last time and is over, and no longer kept."""
    done = [future for future in stream.futures if future.done()]
    stream.futures = [future for future in stream.futures if not future.done()]
    return done


if __name__ == "__main__":
    main()
