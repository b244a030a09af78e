"""Each day is counted once and stays counted; unknown visitors are counted without leaving a row."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import statistics
from accounts.models import DailyCount, LoginEvent, User
from config.cache import TolerantRedisCache
from tests.conftest import WECHAT_AVATAR, Phone

pytestmark = pytest.mark.django_db

Kind = LoginEvent.Kind
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 20, 12, tzinfo=SHANGHAI)
TODAY, YESTERDAY = date(2026, 11, 20), date(2026, 11, 19)


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def event(at: datetime, kind: str = Kind.SILENT_LOGIN, reason: str = "", errcode: int | None = None) -> None:
    made = LoginEvent.objects.create(kind=kind, reason=reason, errcode=errcode, switches={})
    LoginEvent.objects.filter(pk=made.pk).update(created_at=at)


def at(day: date, *time: int) -> datetime:
    return datetime(day.year, day.month, day.day, *time, tzinfo=SHANGHAI)


def run(**options: Any) -> str:
    written = StringIO()
    call_command("aggregate_events", stdout=written, **options)
    return written.getvalue().splitlines()[-1]


def stored(day: date) -> dict[str, int]:
    return dict(DailyCount.objects.filter(day=day).values_list("name", "count"))


def test_day_that_is_over_is_stored_by_kind_and_refusal() -> None:
    for _time in range(3):
        event(at(YESTERDAY, 9))
    event(at(YESTERDAY, 10), Kind.REGISTERED)
    event(at(YESTERDAY, 10), Kind.REFUSED, "mobile_taken")
    for _time in range(2):
        event(at(YESTERDAY, 11), Kind.REFUSED, "code_invalid", 40029)

    run(days=1)

    assert stored(YESTERDAY) == {
        "events": 7,
        "silent_login": 3,
        "registered": 1,
        "refused:mobile_taken:": 1,
        "refused:code_invalid:40029": 2,
    }


def test_day_begins_and_ends_at_midnight_of_the_time_zone() -> None:
    event(at(YESTERDAY - timedelta(days=1), 23, 59, 59, 999_999))
    event(at(YESTERDAY, 0))
    event(at(YESTERDAY, 23, 59, 59, 999_999))
    event(at(TODAY, 0))

    run(days=1)

    assert stored(YESTERDAY)["events"] == 2
    assert statistics.daily_counts([TODAY])[TODAY]["events"] == 1


def test_hours_of_today_that_are_over_are_stored_and_the_rest_is_added_when_somebody_looks() -> None:
    for time in [(0,), (9,), (10, 59, 59), (11, 0), (11, 59)]:
        event(at(TODAY, *time))
    event(at(TODAY, 11, 59), Kind.REGISTERED)

    run(days=1)

    members = {"members": 0, "members:nickname": 0, "members:avatar": 0, "members:either": 0}
    assert stored(TODAY) == {"hours": 11, "hours:events": 3, "silent_login": 3, **members}
    looked = statistics.daily_counts([TODAY])[TODAY]
    assert (looked["events"], looked["silent_login"], looked["registered"], "hours" in looked) == (6, 5, 1, False)


def test_stored_hours_become_the_day_when_it_is_over(noon: Any) -> None:
    event(at(TODAY, 9))
    run(days=1)
    event(at(TODAY, 20))
    noon.move_to(NOON + timedelta(days=1))

    run(days=1)

    known = stored(TODAY)
    assert {name: known[name] for name in known if not name.startswith("members")} == {"events": 2, "silent_login": 2}


def test_hour_is_stored_only_when_its_last_decisions_are_committed(noon: Any) -> None:
    noon.move_to(at(TODAY, 3, 4, 59))
    assert statistics.settled_hours(TODAY) == 2
    noon.move_to(at(TODAY, 3, 5))
    assert statistics.settled_hours(TODAY) == 3
    noon.move_to(at(TODAY, 0, 1))
    assert statistics.settled_hours(TODAY) == 0


def test_day_is_counted_only_when_its_last_decisions_are_committed(noon: Any) -> None:
    event(at(TODAY, 23, 59, 59))
    noon.move_to(at(TODAY + timedelta(days=1), 0, 4, 59))
    run(days=1)
    assert "events" not in stored(TODAY)

    noon.move_to(at(TODAY + timedelta(days=1), 0, 5))
    run(days=1)
    assert stored(TODAY)["events"] == 1


def test_day_without_events_is_counted_as_such() -> None:
    run(days=1)

    assert stored(YESTERDAY) == {"events": 0}


def test_running_twice_changes_nothing() -> None:
    event(at(YESTERDAY, 9))
    assert run(days=3) == "3 days counted, 0 visits of unknown people stored."
    before = list(DailyCount.objects.order_by("pk").values_list())

    assert run(days=3) == "0 days counted, 0 visits of unknown people stored."
    assert list(DailyCount.objects.order_by("pk").values_list()) == before


def test_day_stays_counted_when_its_events_are_purged() -> None:
    event(at(YESTERDAY, 9), Kind.REGISTERED)
    run()
    LoginEvent.objects.all().delete()

    run()

    assert stored(YESTERDAY) == {"events": 1, "registered": 1}


def test_stopped_run_is_continued_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(start: datetime, end: datetime) -> Counter[str]:
        if start == statistics.midnight(YESTERDAY - timedelta(days=1)):
            raise KeyboardInterrupt
        return Counter({"events": 0})

    with monkeypatch.context() as broken:
        broken.setattr(statistics, "count_events", stop)
        with pytest.raises(KeyboardInterrupt):
            run(days=4)
    assert list(DailyCount.objects.filter(name="events").values_list("day", flat=True)) == [YESTERDAY]

    assert run(days=4).startswith("3 days counted")


@pytest.mark.django_db(transaction=True)
def test_day_is_stored_whole_or_not_at_all() -> None:
    with pytest.raises(TypeError):
        statistics.store(YESTERDAY, {"events": 1, "registered": object()})  # type: ignore[dict-item]

    assert stored(YESTERDAY) == {}


def test_command_looks_back_so_many_days_and_no_more() -> None:
    run(days=2)

    counted = DailyCount.objects.filter(name="events").order_by("day").values_list("day", flat=True)
    assert list(counted) == [TODAY - timedelta(days=2), YESTERDAY]


@pytest.mark.parametrize("days", [0, -1, 3661])
def test_senseless_number_of_days_is_refused(days: int) -> None:
    with pytest.raises(CommandError, match="--days"):
        run(days=days)


def test_unknown_visitor_is_counted_and_leaves_no_row(bob: Phone) -> None:
    bob.silent_login()
    bob.silent_login()

    assert statistics.daily_counts([TODAY])[TODAY]["unknown"] == 2
    assert (User.objects.count(), LoginEvent.objects.count(), DailyCount.objects.count()) == (0, 0, 0)


def test_nobody_is_counted_as_unknown_who_is_known_or_refused_or_not_looked_up(bob: Phone, set_switches: Any) -> None:
    bob.complete()
    bob.silent_login()
    bob.silent_login(code="sim-nobody-expired-0" * 20)
    set_switches(mnp_auto_wechat_auth=False)
    Phone("dave").silent_login()

    assert cache.get(statistics.unknown_key(TODAY)) is None


def test_unknown_visits_are_stored_once_and_those_that_follow_are_added(bob: Phone) -> None:
    for _visit in range(3):
        bob.silent_login()
    assert run(days=1).endswith(" 3 visits of unknown people stored.")
    assert run(days=1).endswith(" 0 visits of unknown people stored.")
    bob.silent_login()
    assert statistics.daily_counts([TODAY])[TODAY]["unknown"] == 4
    run(days=1)

    assert stored(TODAY)["unknown"] == 4


def test_stored_visits_outlive_the_cache(bob: Phone) -> None:
    bob.silent_login()
    run(days=1)
    cache.clear()

    assert statistics.daily_counts([TODAY])[TODAY]["unknown"] == 1


def test_visits_of_days_without_a_run_are_stored_as_those_of_their_day(bob: Phone, noon: Any) -> None:
    bob.silent_login()
    noon.move_to(NOON + timedelta(days=5))

    run(days=1)

    assert stored(TODAY) == {"unknown": 1}


def test_absent_redis_leaves_the_visits_out() -> None:
    assert TolerantRedisCache("redis://127.0.0.1:9/0", {}).get_many(["key"]) == {}


def member(nickname: str, avatar: str) -> User:
    return User.objects.create_member(nickname=nickname, avatar=avatar)


def test_members_without_name_or_avatar_are_counted_and_staff_and_deleted_are_not() -> None:
    for nickname, avatar in [("Alice", WECHAT_AVATAR), ("Bob", ""), ("", WECHAT_AVATAR), ("", ""), ("", "")]:
        member(nickname, avatar)
    User.objects.create_superuser("root", "x")
    User.objects.filter(pk=member("", "").pk).update(deleted_at=timezone.now(), is_active=False)

    counts, counted_at = statistics.members() or ({}, None)

    assert counts == {"members": 5, "members:nickname": 3, "members:avatar": 3, "members:either": 4}
    assert counted_at == NOON


def test_many_accounts_are_counted_by_the_command_alone(monkeypatch: pytest.MonkeyPatch, noon: Any) -> None:
    monkeypatch.setattr(statistics, "FEW_ACCOUNTS", 0)
    member("", "")
    assert statistics.members() is None

    run(days=1)
    noon.move_to(NOON + timedelta(days=2))
    member("", "")

    assert statistics.members() == (
        {"members": 1, "members:nickname": 1, "members:avatar": 1, "members:either": 1},
        NOON,
    )


def test_reading_thirty_days_takes_two_queries(django_assert_num_queries: Any) -> None:
    event(at(TODAY, 9))
    run()

    with django_assert_num_queries(2):
        counts = statistics.daily_counts(statistics.last_days())
    assert (len(counts), counts[TODAY]["events"], counts[YESTERDAY]["events"]) == (30, 1, 0)
