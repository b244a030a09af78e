"""docs/scale.md shows what the script computes from what was measured, and the script computes it right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from benchmarks import capacity
from config.database import POSTGRESQL

FIGURES: dict[str, Any] = json.loads(capacity.FIGURES.read_text(encoding="utf-8"))
DOCS = (Path(settings.BASE_DIR) / "docs/scale.md").read_text(encoding="utf-8")


def test_docs_show_what_the_script_prints() -> None:
    assert capacity.measured(FIGURES) in DOCS
    assert capacity.table(FIGURES) in DOCS


@pytest.mark.parametrize(
    "assumption",
    [
        f"{capacity.OPENED_A_DAY} times a day",
        f"{capacity.REQUESTS_EACH_TIME} requests each time",
        f"busiest hour holds {capacity.BUSIEST_HOUR:.0%} of the day",
        f"busiest second is {capacity.BUSIEST_SECOND} times its average",
        f"{capacity.NEW_EACH_DAY:.0%} are new",
        f"kept for {capacity.EVENTS_KEPT_DAYS} days",
        f"at most {capacity.BUSY:.0%} busy",
        f"a core costs {capacity.CORE_PRICE} dollars",
        f"a replicated gigabyte {capacity.GIGABYTE_PRICE}",
    ],
)
def test_docs_tell_what_the_script_assumes(assumption: str) -> None:
    assert assumption.replace("%", " %") in " ".join(DOCS.split())


def test_need_is_counted_from_the_figures() -> None:
    """A day of 1.2 million: 3.6 million logins, 12 % of them in an hour, three times that in a second."""
    one = dict.fromkeys(("app_ms", "postgres_ms", "redis_commands", "rows_written"), 1.0)
    figures = {"login": one, "request": one, "registration": one, "bytes": {"account": 1000, "event": 500}}

    need = capacity.need(1_200_000, figures)

    assert need.logins == pytest.approx(360)
    assert need.requests == pytest.approx(3600)
    assert need.redis_commands == pytest.approx(360 + 3600 + 2.4)
    assert need.app_cores == need.postgres_cores == 7
    assert need.waiting == 37
    assert need.processes == 7
    assert need.connections == 7 * 16
    assert need.gigabytes == pytest.approx(1.2 * 5 * 1.0 + 1.2 * 3 * 180 * 0.5)
    assert need.cost == pytest.approx(14 * 20 + need.gigabytes * 0.15)


def test_few_people_still_need_two_processes() -> None:
    need = capacity.need(1, FIGURES)
    assert (need.processes, need.app_cores, need.postgres_cores) == (2, 1, 1)


def test_script_counts_with_the_settings_of_the_product() -> None:
    assert POSTGRESQL["pool"]["max_size"] == capacity.POOL  # type: ignore[index]
    assert capacity.IN_FLIGHT == settings.WECHAT_MAX_IN_FLIGHT == 64
    assert "`WECHAT_MAX_IN_FLIGHT` | 64 |" in (Path(settings.BASE_DIR) / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0312, "0.031"), (2.0, "2"), (31.4, "31"), (2712, "2,700"), (12_345, "12,000"), (99.6, "100")],
)
def test_number_claims_no_more_than_it_knows(number: float, text: str) -> None:
    assert capacity.readable(number) == text
