"""What happened on each day, counted once and kept, so that no page reads ten million events.

A day that is over is counted by `manage.py aggregate_events` and never again, because `purge_events` may take its
events away. Of today the command stores the hours that are over; the rest is counted when somebody looks. Somebody
unknown leaves no row anywhere, so those visits are counted in the cache, and stored from there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta

from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from accounts.limits import increment, take_back
from accounts.models import DailyCount, LoginEvent, User

# How many days a page shows, today among them.
WINDOW = 30
# All events of a day: the row that says that the day was counted, and that nothing is to follow.
COUNTED = "events"
# Of today: how many hours the stored counts cover, and the events in them.
HOURS = "hours"
EVENTS_OF_HOURS = "hours:events"
UNKNOWN = "unknown"
MEMBERS = "members"
WITHOUT_NICKNAME = "members:nickname"
WITHOUT_AVATAR = "members:avatar"
WITHOUT_EITHER = "members:either"
# A decision made at 23:59:59 is committed a moment later.
SETTLED_AFTER = timedelta(minutes=5)
# How long the cache keeps the visits of a day for a command that runs once a day, and may have failed for some.
UNKNOWN_DAYS = 8
# Below this, counting the accounts takes milliseconds and the page need not wait for the command.
FEW_ACCOUNTS = 50_000

Counts = dict[str, int]


def today() -> date:
    return timezone.localdate()


def last_days(days: int = WINDOW) -> list[date]:
    """Oldest first, today last."""
    return [today() - timedelta(days=back) for back in reversed(range(days))]


def midnight(day: date) -> datetime:
    """In UTC, where an hour is an hour."""
    return timezone.make_aware(datetime.combine(day, time.min)).astimezone(UTC)


def is_settled(day: date) -> bool:
    return timezone.now() >= midnight(day + timedelta(days=1)) + SETTLED_AFTER


def settled_hours(day: date) -> int:
    return max((timezone.now() - SETTLED_AFTER - midnight(day)) // timedelta(hours=1), 0)


def refusal(reason: str, errcode: int | None) -> str:
    return f"{LoginEvent.Kind.REFUSED}:{reason}:{'' if errcode is None else errcode}"


def count_events(start: datetime, end: datetime) -> Counter[str]:
    """The events by kind, and the refusals by reason and errcode, through the index on `created_at`."""
    events = LoginEvent.objects.filter(created_at__gte=start, created_at__lt=end)
    counts = Counter({COUNTED: 0})
    for kind, reason, errcode, count in events.values_list("kind", "reason", "errcode").annotate(n=Count("pk")):
        counts[COUNTED] += count
        counts[refusal(reason, errcode) if kind == LoginEvent.Kind.REFUSED else kind] += count
    return counts


def store(day: date, counts: Counter[str] | Counts) -> None:
    """All of them or none."""
    with transaction.atomic():
        for name, count in counts.items():
            DailyCount.objects.update_or_create(day=day, name=name, defaults={"count": count})


def aggregate(day: date) -> bool:
    """Count a day that is over; False if it is not, or was counted before."""
    if not is_settled(day) or DailyCount.objects.filter(day=day, name=COUNTED).exists():
        return False
    counts = count_events(midnight(day), midnight(day + timedelta(days=1)))
    with transaction.atomic():
        store(day, counts)
        DailyCount.objects.filter(day=day, name__in=[HOURS, EVENTS_OF_HOURS]).delete()
    return True


def aggregate_hours(day: date) -> int:
    """Count the hours of today that are over, so that the page counts but the rest."""
    hours = settled_hours(day)
    counts = count_events(midnight(day), midnight(day) + timedelta(hours=hours))
    events = counts.pop(COUNTED)
    store(day, {**counts, HOURS: hours, EVENTS_OF_HOURS: events})
    return hours


def with_the_rest(day: date, stored: Counts) -> Counts:
    """Of today: the stored hours and what happened since."""
    start = midnight(day) + timedelta(hours=stored.pop(HOURS, 0))
    counts = count_events(start, midnight(day + timedelta(days=1)))
    counts[COUNTED] += stored.pop(EVENTS_OF_HOURS, 0)
    return dict(counts + Counter(stored)) | {COUNTED: counts[COUNTED]}


def unknown_key(day: date) -> str:
    return f"statistics:{UNKNOWN}:{day}"


def count_unknown_visit() -> None:
    """A silent login by somebody who is not registered. Nothing about the person is kept, not even a row."""
    increment(unknown_key(today()), UNKNOWN_DAYS * 24 * 3600)


def store_unknown_visits(day: date) -> int:
    """Move what the cache counted to the stored count.

    The row is locked while the cache gives its number away, so two runs never move the same visits; a run that is
    killed loses at most what it had in hand.
    """
    visits = cache.get(unknown_key(day)) or 0
    if visits <= 0:
        return 0
    with transaction.atomic():
        row, _created = DailyCount.objects.select_for_update().get_or_create(day=day, name=UNKNOWN)
        visits = max(cache.get(unknown_key(day)) or 0, 0)
        take_back(unknown_key(day), visits)
        DailyCount.objects.filter(pk=row.pk).update(count=F("count") + visits, counted_at=timezone.now())
    return int(visits)


def count_members() -> Counts:
    """Everybody who came through a mini-program, and how many have no real name or no avatar."""
    nickname, avatar = Q(nickname=""), Q(avatar="")
    return User.objects.filter(username__isnull=True, deleted_at__isnull=True).aggregate(
        **{
            MEMBERS: Count("pk"),
            WITHOUT_NICKNAME: Count("pk", filter=nickname),
            WITHOUT_AVATAR: Count("pk", filter=avatar),
            WITHOUT_EITHER: Count("pk", filter=nickname | avatar),
        }
    )


def members() -> tuple[Counts, datetime] | None:
    """The newest such count and its time: made now where that is cheap, else what the command stored last."""
    newest = User.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if newest <= FEW_ACCOUNTS:
        return count_members(), timezone.now()
    stored = DailyCount.objects.filter(name=MEMBERS).order_by("-day").first()
    if stored is None:
        return None
    rows = DailyCount.objects.filter(day=stored.day, name__startswith=MEMBERS).values_list("name", "count")
    return dict(rows), stored.counted_at


def daily_counts(days: list[date]) -> dict[date, Counts]:
    """What is known of each day. A day without `COUNTED` has not been counted, which is not the same as zero."""
    counts: dict[date, Counts] = defaultdict(dict)
    rows = DailyCount.objects.filter(day__range=(days[0], days[-1])).values_list("day", "name", "count")
    for day, name, count in rows:
        counts[day][name] = count
    if days[-1] == today():
        counts[days[-1]] = with_the_rest(days[-1], counts[days[-1]])
    cached = cache.get_many([unknown_key(day) for day in days[-UNKNOWN_DAYS:]])
    for day in days:
        visits = max(cached.get(unknown_key(day), 0), 0)
        if visits:
            counts[day][UNKNOWN] = counts[day].get(UNKNOWN, 0) + visits
    return {day: counts[day] for day in days}


def first_day() -> date | None:
    """The day of the first account: before it nothing happened, so nothing needs counting."""
    first = User.objects.order_by("registered_at").values_list("registered_at", flat=True).first()
    return timezone.localdate(first) if first else None
