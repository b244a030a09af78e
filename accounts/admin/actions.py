"""What staff can do on a user's page: each asks for a reason on a page of its own and is done by POST only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import staff
from accounts.admin.forms import AnonymiseForm, CorrectMobileForm, ReasonForm
from accounts.models import User


@dataclass(frozen=True)
class Action:
    """`effect` says on the confirmation page what will be; `possible` hides what makes no sense for an account.

    `run` is called with the user, the intervention and what the form adds.
    """

    name: str
    permission: str
    button: Promise
    effect: Promise
    done: Promise
    run: Callable[..., None]
    possible: Callable[[User], bool] = bool
    form: type[ReasonForm] = ReasonForm
    dangerous: bool = False


ACTIONS = [
    Action(
        name="disable",
        permission="accounts.disable_user",
        button=_("Disable"),
        effect=_("Every login of this user ends at the next request, and no new one is possible until you enable it."),
        done=_("The account is disabled; its tokens are dead."),
        possible=lambda user: user.is_active,
        run=staff.disable,
        dangerous=True,
    ),
    Action(
        name="enable",
        permission="accounts.disable_user",
        button=_("Enable"),
        effect=_("The user can log in again. Tokens from before stay dead."),
        done=_("The account is enabled."),
        possible=lambda user: not user.is_active,
        run=staff.enable,
    ),
    Action(
        name="logout",
        permission="accounts.revoke_tokens",
        button=_("Log out everywhere"),
        effect=_("Every token of this user is dead at the next request. The phone logs in again by itself."),
        done=_("The user is logged out everywhere."),
        possible=lambda user: user.is_active,
        run=staff.log_out_everywhere,
    ),
    Action(
        name="reset",
        permission="accounts.reset_profile",
        button=_("Reset the profile"),
        effect=_("Nickname and avatar are removed for good. The user is new again and has to give both."),
        done=_("The profile is reset; the user is new again."),
        possible=lambda user: bool(user.nickname or user.avatar),
        run=staff.reset_profile,
        dangerous=True,
    ),
    Action(
        name="correct-mobile",
        permission="accounts.change_mobile",
        button=_("Correct the mobile"),
        effect=_("The number is replaced by one that WeChat has not confirmed. Make sure whose it is."),
        done=_("The mobile number is corrected."),
        possible=lambda user: bool(user.mobile),
        run=staff.correct_mobile,
        form=CorrectMobileForm,
    ),
    Action(
        name="release-mobile",
        permission="accounts.change_mobile",
        button=_("Release the mobile"),
        effect=_("The account loses its number, and whoever binds it next has it."),
        done=_("The mobile number is released."),
        possible=lambda user: bool(user.mobile),
        run=staff.release_mobile,
        dangerous=True,
    ),
    Action(
        name="anonymise",
        permission="accounts.anonymise_user",
        button=_("Anonymise"),
        effect=_(
            "Nickname, avatar, mobile, openids, addresses and devices are erased for ever. "
            "The person can come back, as somebody new."
        ),
        done=_("The account is anonymised."),
        run=staff.anonymise,
        form=AnonymiseForm,
        dangerous=True,
    ),
]


def possible(action: Action, user: User) -> bool:
    return user.deleted_at is None and action.possible(user)
