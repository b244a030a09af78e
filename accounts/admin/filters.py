"""Filters of the list of users. None counts, and each has an index behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Standing, User
from settings_app.models import LoginSettings
from wechat.miniprogram import all_mini_programs

LISTED = [Standing.NEW, Standing.COMPLETE, Standing.NO_MOBILE, Standing.DISABLED]
DAYS = (7, 30, 90)


class StateFilter(admin.SimpleListFilter):
    """Deleted accounts, which are empty, are shown on demand only."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        owes = [("owes_mobile", _("Owes a mobile number"))] if LoginSettings.current().coerce_mobile else []
        return [
            ("new", _("New: profile not completed")),
            ("complete", _("Complete")),
            *owes,
            ("disabled", _("Disabled")),
            ("deleted", _("Deleted")),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield first | {"display": _("All but deleted")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(standing__in=standings(self.value()))


def standings(state: Any) -> list[Standing]:
    """What a state of the list means, judged by the switch as it is now."""
    coerce_mobile = LoginSettings.current().coerce_mobile
    meaning = {
        "new": [Standing.NEW],
        "complete": [Standing.COMPLETE] if coerce_mobile else [Standing.COMPLETE, Standing.NO_MOBILE],
        "owes_mobile": [Standing.NO_MOBILE] if coerce_mobile else [],
        "disabled": [Standing.DISABLED],
        "deleted": [Standing.DELETED],
    }
    return meaning.get(state, LISTED)


class AppFilter(admin.SimpleListFilter):
    """Only where there is more than one mini-program."""

    title = _("mini-program")
    parameter_name = "app"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        apps = all_mini_programs()
        return [(app.alias, app.alias) for app in apps] if len(apps) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        appids = {app.alias: app.appid for app in all_mini_programs()}
        appid = appids.get(str(self.value()))
        return queryset.filter(openids__appid=appid) if appid else queryset


class SinceFilter(admin.SimpleListFilter):
    field: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("today", _("Today")),
            ("7", _("Last 7 days")),
            ("30", _("Last 30 days")),
            ("90", _("Last 90 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        start = since(self.value())
        return queryset.filter(**{f"{self.field}__gte": start}) if start else queryset


class RegisteredFilter(SinceFilter):
    title = _("registered")
    parameter_name = "registered"
    field = "registered_at"


class LastLoginFilter(SinceFilter):
    title = _("last login")
    parameter_name = "last_login"
    field = "last_login"


def since(value: Any) -> datetime | None:
    """From the beginning of today, or of the day so many days ago."""
    days = 0 if value == "today" else int(value) if value in map(str, DAYS) else None
    if days is None:
        return None
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days)
