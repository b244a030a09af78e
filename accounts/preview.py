"""What each visitor gets under given switches, for the admin: asked of the very functions that serve the API.

The visitors are accounts that are in no database.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.authentication import may_hold_token
from accounts.errors import AccountDisabled, AuthorizedLoginDisabled, NotLoggedIn, Refused
from accounts.impact import impact, phone_capability
from accounts.login import Application, refuse_by_settings, refuse_disabled, silent_answer
from accounts.models import User
from accounts.steps import LoginAnswer, Step, answer_for, step_owed
from settings_app.forecast import Cell, Kind, Visitor
from settings_app.models import LoginSettings

WORDS: dict[Step, Promise] = {
    Step.NOTHING: gettext_lazy("Is logged in"),
    Step.AUTHORIZE: gettext_lazy("Sees the login button"),
    Step.COMPLETE_PROFILE: gettext_lazy("Has to complete the profile"),
    Step.BIND_MOBILE: gettext_lazy("Has to bind a mobile number"),
    Step.CLOSED: gettext_lazy("Sees that login is closed"),
}
KINDS: dict[Step, Kind] = {Step.NOTHING: "in", Step.CLOSED: "out"}
REFUSALS: dict[str, Promise] = {
    AccountDisabled.slug: gettext_lazy("Is refused: account disabled"),
    AuthorizedLoginDisabled.slug: gettext_lazy("Is refused: login is off"),
}


def cast() -> list[tuple[str, User | None]]:
    """The people of the table; somebody unknown has no account."""
    complete = {"nickname": "Alice", "avatar": "avatar", "profile_completed_at": timezone.now()}
    return [
        (_("Unknown"), None),
        (_("Registered, profile incomplete"), User()),
        (_("Complete"), User(**complete, mobile="+8613800138000")),
        (_("Complete, without a mobile"), User(**complete)),
        (_("Disabled"), User(**complete, mobile="+8613800138000", is_active=False)),
    ]


def visitors(switches: LoginSettings) -> list[Visitor]:
    return [
        Visitor(
            who,
            silent_login=cell(silent_answer, user, switches),
            authorized_login=cell(authorized_answer, user, switches),
            protected=protected(user, switches),
        )
        for who, user in cast()
    ]


def authorized_answer(user: User | None, switches: LoginSettings) -> LoginAnswer:
    """As `authorized_login` decides it for somebody who accepted the agreements; an unknown person is registered."""
    refuse_by_settings(Application(agreed=True), switches, base="")
    if user:
        refuse_disabled(user)
    return answer_for(user or User(), switches)


def cell(ask: Callable[[User | None, LoginSettings], LoginAnswer], user: User | None, switches: LoginSettings) -> Cell:
    try:
        answer = ask(user, switches)
    except Refused as refused:
        return Cell("out", str(REFUSALS.get(refused.slug, refused.slug)), f"code 0 · {refused.slug}")
    token = "token" if answer.token else 'token ""'
    code = " · ".join(part for part in ("code 1", token, answer.next_step) if part)
    return Cell(KINDS.get(answer.next_step, "step"), str(WORDS[answer.next_step]), code)


def protected(user: User | None, switches: LoginSettings) -> Cell:
    """Any endpoint that wants a full token, for whoever holds the token of an earlier login."""
    if user and may_hold_token(user) and step_owed(user, coerce_mobile=switches.coerce_mobile) is Step.NOTHING:
        return Cell("in", _("Open"), "code 1")
    return Cell("out", _("Has to log in first"), f"code -1 · {NotLoggedIn.slug}")


class Preview:
    """What the switches page asks for."""

    visitors = staticmethod(visitors)
    impact = staticmethod(impact)
    phone_capability = staticmethod(phone_capability)


FORECAST = Preview()
