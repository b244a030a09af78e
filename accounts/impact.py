"""How many people a change of the switches would touch: real counts, each from one bounded query along an index."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import AuthorizedLoginDisabled
from accounts.models import LoginEvent, User
from settings_app.models import LoginSettings

ACTIVE = timedelta(days=30)
WEEK = timedelta(days=7)
# Rows that one count looks at, the newest first; where there are more, the page says "100,000+".
COUNTED = 100_000
# Events among which the last word about phone numbers is looked for.
RECENT_EVENTS = 20_000
NO_PHONE_PERMISSION = 48001


def impact(before: LoginSettings, after: LoginSettings) -> list[str]:
    return list(sentences(before, after))


def sentences(before: LoginSettings, after: LoginSettings) -> Iterator[str]:
    changed = {name for name, on in after.switches().items() if on != getattr(before, name)}
    if changed & {"coerce_mobile", "mnp_auto_wechat_auth"} or after.closed:
        active, without_mobile = active_users()
    if "coerce_mobile" in changed:
        numbers = {"stopped": without_mobile, "active": active}
        if after.coerce_mobile:
            yield (
                _("coerce_mobile would stop %(stopped)s of %(active)s active users until they bind a mobile.") % numbers
            )
        else:
            yield _("%(stopped)s of %(active)s active users would no longer have to bind a mobile.") % numbers
    if "mnp_wechat_auth" in changed:
        yield (refused_now() if after.mnp_wechat_auth else kept_out())
    if "mnp_auto_wechat_auth" in changed:
        if after.mnp_auto_wechat_auth:
            yield logged_in_again(active)
        elif after.mnp_wechat_auth:
            yield have_to_tap()
    if after.closed and changed & {"mnp_wechat_auth", "mnp_auto_wechat_auth"}:
        yield _("None of %(active)s active users could log in again once their login ends.") % {"active": active}


def active_users() -> tuple[str, str]:
    """Members who logged in within 30 days, and how many of them could be asked for nothing but a mobile."""
    members = User.objects.filter(last_login__gte=timezone.now() - ACTIVE, username=None, is_active=True)
    asked = Q(mobile=None, profile_completed_at__isnull=False)
    counts = members.order_by("-last_login")[:COUNTED].aggregate(all=Count("pk"), asked=Count("pk", filter=asked))
    return shown(counts["all"], counts["all"]), shown(counts["asked"], counts["all"])


def kept_out() -> str:
    members = User.objects.filter(registered_at__gte=timezone.now() - WEEK, username=None)
    count = members.order_by("-registered_at")[:COUNTED].count()
    return _("%(count)s people registered in the last 7 days; with authorised login off nobody new gets in.") % {
        "count": shown(count, count)
    }


def refused_now() -> str:
    count = recent_events(Count("pk", filter=Q(kind="refused", reason=AuthorizedLoginDisabled.slug)))
    return _("%(count)s logins were refused in the last 7 days because authorised login was off.") % {"count": count}


def have_to_tap() -> str:
    count = recent_events(Count("user", distinct=True, filter=Q(kind="silent_login")))
    return _(
        "%(count)s users were logged in silently in the last 7 days; that ends, and only the login button is left."
    ) % {"count": count}


def logged_in_again(active: str) -> str:
    return _("%(active)s active users would be logged in without a tap.") % {"active": active}


def recent_events(count: Count) -> str:
    events = LoginEvent.objects.filter(created_at__gte=timezone.now() - WEEK).order_by("-created_at")[:COUNTED]
    counts = events.aggregate(all=Count("pk"), wanted=count)
    return shown(counts["wanted"], counts["all"])


def shown(count: int, looked_at: int) -> str:
    return f"{count:,}+" if looked_at >= COUNTED else f"{count:,}"


def phone_capability() -> bool | None:
    """What WeChat said last, among recent events: False after errcode 48001 for any mini-program, None if nothing."""
    newest = LoginEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    said = (
        LoginEvent.objects.filter(pk__gt=newest - RECENT_EVENTS)
        .values("app")
        .annotate(
            refused=Max("pk", filter=Q(errcode=NO_PHONE_PERMISSION)),
            bound=Max("pk", filter=Q(kind=LoginEvent.Kind.MOBILE_BOUND)),
        )
        .order_by()
    )
    known = [(row["bound"] or 0) > (row["refused"] or 0) for row in said if row["bound"] or row["refused"]]
    return all(known) if known else None
