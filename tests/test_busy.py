"""A database that is busy is waited for, one that is away is not."""

from __future__ import annotations

import pytest

from config.hurry import hurried, in_a_hurry

busy = pytest.importorskip("config.postgresql.base").busy
QUIET = {"pool_size": 3, "pool_max": 16, "usage_ms": 100, "connections_ms": 20}


@pytest.mark.parametrize(
    ("meanwhile", "answer"),
    [
        ({}, False),
        ({"usage_ms": 101}, True),
        ({"connections_ms": 21}, True),
        ({"pool_size": 16}, True),
        ({"usage_ms": 101, "connections_lost": 1}, False),
        ({"pool_size": 16, "connections_errors": 1}, False),
    ],
)
def test_progress_of_others_tells_busy_from_away(meanwhile: dict[str, int], answer: bool) -> None:
    assert busy(QUIET, QUIET | meanwhile) is answer


def test_only_what_asks_for_it_is_in_a_hurry() -> None:
    with hurried():
        assert in_a_hurry.get()
    assert not in_a_hurry.get()
