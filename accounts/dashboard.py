"""The figures of the admin's first page: the last 30 days and today, made of the daily counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import statistics
from accounts.charts import Chart, Column, chart, length
from accounts.models import LoginEvent
from accounts.reasons import in_words
from accounts.statistics import Counts
from wechat.errors import CATALOGUE, NO_ANSWER, PHONE, UNKNOWN, Meaning, PhoneCodeInvalid, WechatUnavailable

Kind = LoginEvent.Kind
Text = str | Promise

VIEWERS = (
    "accounts.view_user",
    "accounts.change_user",
    "settings_app.view_loginsettings",
    "settings_app.change_loginsettings",
)


@dataclass(frozen=True)
class Day:
    """`counted` is False for a day that is over and that the command has not counted yet."""

    day: date
    counted: bool
    unknown: int
    registrations: int
    silent: int
    authorized: int
    completed: int
    mobiles: int
    refused: int

    @property
    def logins(self) -> int:
        return self.silent + self.authorized


@dataclass(frozen=True)
class Step:
    """One step of the funnel; `share` in percent of the step before, None where there was nobody."""

    label: Text
    hint: Text
    count: int
    share: int | None
    width: int


@dataclass(frozen=True)
class Refusal:
    slug: str
    words: str
    count: int
    width: int


@dataclass(frozen=True)
class WechatFault:
    """`everyday`: nobody has to do anything about it."""

    errcode: str
    cause: Text
    remedy: Text
    everyday: bool
    count: int
    last: date


@dataclass(frozen=True)
class Profiles:
    members: int
    without_nickname: int
    without_avatar: int
    without_either: int
    at: datetime

    @property
    def complete(self) -> int:
        return self.members - self.without_either

    @property
    def width(self) -> int:
        return length(self.without_either, self.members, 1000)


@dataclass(frozen=True)
class Dashboard:
    days: list[Day]
    registrations: Chart
    logins: Chart
    funnel: list[Step]
    refusals: list[Refusal]
    faults: list[WechatFault]
    profiles: Profiles | None
    shared_cache: bool

    @property
    def today(self) -> Day:
        return self.days[-1]

    @property
    def yesterday(self) -> Day:
        return self.days[-2]

    @property
    def not_counted(self) -> list[Day]:
        return [day for day in self.days if not day.counted]

    def total(self, name: str) -> int:
        return sum(getattr(day, name) for day in self.days)

    @property
    def registrations_total(self) -> int:
        return self.total("registrations")

    @property
    def logins_total(self) -> int:
        return self.total("logins")


def may_see(user: Any) -> bool:
    return any(user.has_perm(permission) for permission in VIEWERS)


def dashboard() -> Dashboard:
    days = statistics.last_days()
    counts = statistics.daily_counts(days)
    first = statistics.first_day()
    rows = [day_of(day, counts[day], counted=is_known(day, counts[day], first)) for day in days]
    return Dashboard(
        days=rows,
        registrations=chart([column(row, row.registrations) for row in rows]),
        logins=chart([column(row, row.silent, row.authorized) for row in rows]),
        funnel=funnel(rows),
        refusals=refusals(counts),
        faults=faults(counts),
        profiles=profiles(),
        shared_cache=bool(settings.REDIS_URL),
    )


def is_known(day: date, counts: Counts, first: date | None) -> bool:
    """Counted, or before anybody was here."""
    return statistics.COUNTED in counts or first is None or day < first


def day_of(day: date, counts: Counts, *, counted: bool) -> Day:
    return Day(
        day=day,
        counted=counted,
        unknown=counts.get(statistics.UNKNOWN, 0),
        registrations=counts.get(Kind.REGISTERED, 0),
        silent=counts.get(Kind.SILENT_LOGIN, 0),
        authorized=counts.get(Kind.AUTHORIZED_LOGIN, 0),
        completed=counts.get(Kind.COMPLETED, 0),
        mobiles=counts.get(Kind.MOBILE_BOUND, 0),
        refused=sum(count for _slug, _errcode, count in refused(counts)),
    )


def column(day: Day, *values: int) -> Column:
    return Column(date_format(day.day, "MONTH_DAY_FORMAT"), values if day.counted else None)


def refused(counts: Counts) -> Iterable[tuple[str, int | None, int]]:
    """Reason, errcode and how often, as `statistics.refusal` names them."""
    for name, count in counts.items():
        kind, _colon, what = name.partition(":")
        if kind == Kind.REFUSED:
            slug, _colon, errcode = what.rpartition(":")
            yield slug, int(errcode) if errcode else None, count


def funnel(days: list[Day]) -> list[Step]:
    """Four counts of the same 30 days, not the way of one group of people: a step may outnumber the one before."""
    steps = [
        (_("Unknown visitor"), _("silent logins by people who are not registered"), "unknown"),
        (_("Authorised"), _("registered through the authorised login"), "registrations"),
        (_("Completed"), _("gave a nickname and an avatar"), "completed"),
        (_("Mobile bound"), _("gave a mobile number"), "mobiles"),
    ]
    totals = [sum(getattr(day, name) for day in days) for _label, _hint, name in steps]
    before = [0, *totals]
    return [
        Step(label, hint, total, round(100 * total / last) if last else None, length(total, max(totals)))
        for (label, hint, _name), total, last in zip(steps, totals, before, strict=False)
    ]


def refusals(counts: dict[date, Counts]) -> list[Refusal]:
    totals: Counter[str] = Counter()
    for of_day in counts.values():
        for slug, _errcode, count in refused(of_day):
            totals[slug] += count
    most = max(totals.values(), default=0)
    ordered = sorted(totals.items(), key=lambda found: (-found[1], found[0]))
    return [Refusal(slug, in_words(slug), count, length(count, most)) for slug, count in ordered]


def faults(counts: dict[date, Counts]) -> list[WechatFault]:
    """What WeChat answered, what somebody has to act on first."""
    totals: Counter[tuple[int | None, Meaning]] = Counter()
    last: dict[tuple[int | None, Meaning], date] = {}
    for day, of_day in counts.items():
        for slug, errcode, count in refused(of_day):
            if errcode is not None or slug == WechatUnavailable.slug:
                key = (errcode, meaning(slug, errcode))
                totals[key] += count
                last[key] = day
    found = [
        WechatFault(
            errcode="" if errcode is None else str(errcode),
            cause=meant.cause,
            remedy=meant.remedy,
            everyday=meant.error.everyday,
            count=count,
            last=last[errcode, meant],
        )
        for (errcode, meant), count in totals.items()
    ]
    return sorted(found, key=lambda fault: (fault.everyday, -fault.count))


def meaning(slug: str, errcode: int | None) -> Meaning:
    """The phone number's endpoint gives some errcodes a meaning of their own; the slug tells where it was."""
    if errcode is None:
        return NO_ANSWER
    return (PHONE if slug == PhoneCodeInvalid.slug else CATALOGUE).get(errcode, UNKNOWN)


def profiles() -> Profiles | None:
    """None where there are many accounts and the command has not counted them yet."""
    known = statistics.members()
    if known is None:
        return None
    counts, at = known
    return Profiles(
        members=counts[statistics.MEMBERS],
        without_nickname=counts[statistics.WITHOUT_NICKNAME],
        without_avatar=counts[statistics.WITHOUT_AVATAR],
        without_either=counts[statistics.WITHOUT_EITHER],
        at=at,
    )
