"""What stands between a visitor and being logged in: the one place that decides it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from accounts.mobile import displayed
from accounts.models import State, User
from accounts.tokens import LoginToken
from settings_app.models import LoginSettings


class Step(StrEnum):
    NOTHING = ""
    AUTHORIZE = "authorize"
    COMPLETE_PROFILE = "complete_profile"
    BIND_MOBILE = "bind_mobile"
    CLOSED = "closed"


def step_owed(user: User, *, coerce_mobile: bool) -> Step:
    """What an account owes before its token opens everything."""
    if user.state is not State.COMPLETE:
        return Step.COMPLETE_PROFILE
    if coerce_mobile and not user.mobile:
        return Step.BIND_MOBILE
    return Step.NOTHING


@dataclass(frozen=True)
class LoginAnswer:
    """The answer of every login endpoint (contract §3)."""

    token: str
    is_new_user: bool
    mobile: str
    next_step: Step

    def as_data(self) -> dict[str, object]:
        return {**vars(self)}


def answer_for_visitor(switches: LoginSettings) -> LoginAnswer:
    """For somebody who has no account here, or whom nobody looked up."""
    step = Step.CLOSED if switches.closed else Step.AUTHORIZE
    return LoginAnswer(token="", is_new_user=True, mobile="", next_step=step)


def answer_for(user: User, switches: LoginSettings) -> LoginAnswer:
    step = step_owed(user, coerce_mobile=switches.coerce_mobile)
    token = str(LoginToken.issue(user, pending=step is not Step.NOTHING))
    return LoginAnswer(token=token, is_new_user=user.is_new_user, mobile=displayed(user.mobile), next_step=step)
