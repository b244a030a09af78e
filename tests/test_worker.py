"""A thread waits for more on a connection that it has answered only while nobody needs it for something else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from config.overload import refuse_here
from config.worker import Worker

THREADS = 4


def worker(*, connections: int, kept: int = 0, alive: bool = True) -> Worker:
    """Not started: as many connections as given, some of which are answered and kept."""
    made = Worker.__new__(Worker)
    made.cfg, made.alive = SimpleNamespace(threads=THREADS), alive
    made.nr_conns, made.keepalived_conns, made.pending_conns = connections, [object()] * kept, []
    return made


@pytest.mark.parametrize(
    ("given", "has_time"),
    [
        (worker(connections=THREADS), True),
        (worker(connections=THREADS + 1), False),
        (worker(connections=THREADS + 1, kept=1), True),
        (worker(connections=1, alive=False), False),
    ],
    ids=["a thread for each", "one waits", "one is answered", "ending"],
)
def test_thread_waits_where_nobody_waits_for_it(given: Worker, has_time: bool) -> None:
    assert given.has_time() is has_time


def test_thread_that_refuses_waits_for_nobody() -> None:
    """It would refuse the next request as well, though the others have time by then."""
    with ThreadPoolExecutor(1, initializer=refuse_here) as refusing:
        assert refusing.submit(worker(connections=1).has_time).result() is False
