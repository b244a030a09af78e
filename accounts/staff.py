"""What staff may do to a member's account. Each act locks the row, holds at the next request, tells by whom and why.

There is no function that adds a member, changes an openid or makes a member staff.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.events import Kind, Visit
from accounts.mobile import masked
from accounts.models import LoginEvent, User
from accounts.session import empty
from accounts.transactions import in_transaction
from wechat.miniprogram import MiniProgram

T = TypeVar("T")

FLOW = "staff"
# Staff comes through the admin and through no mini-program.
NO_APP = MiniProgram(alias="", appid="", secret="")


class NotPossible(Exception):
    """The account does not stand so that this could be done; `message` is for staff."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True)
class Intervention(Visit):
    """One act of one member of staff, and why."""

    by: User
    why: str = ""

    def record(self, kind: Kind, user: User | None, *, reason: str = "", errcode: int | None = None) -> None:
        """In the user's timeline and in the admin's log, which is kept longer; `reason` says what changed, masked."""
        LoginEvent.objects.create(
            user=user,
            kind=kind,
            flow=self.flow,
            reason=reason,
            by=self.by.get_username(),
            note=self.why,
            switches=self.switches.switches(),
            request_id=self.origin.request_id,
            address=self.origin.address,
            user_agent=self.origin.user_agent,
        )
        LogEntry.objects.create(
            user_id=self.by.pk,
            content_type=ContentType.objects.get_for_model(User),
            object_id=str(user.pk) if user else None,
            # The number and not the nickname, which may not outlive the account.
            object_repr=user.sn if user else str(kind.value),
            action_flag=CHANGE,
            change_message=": ".join(filter(None, [kind.value, reason, self.why])),
        )


def disable(user: User, visit: Intervention) -> None:
    """Kill every token and let nobody in by this account; enabling does not bring the tokens back."""

    def work(member: User) -> None:
        require(member.is_active, _("This account is disabled already."))
        member.is_active, member.disabled_reason = False, visit.why
        member.token_version += 1
        member.save(update_fields=["is_active", "disabled_reason", "token_version"])
        visit.record(Kind.DISABLED, member)

    on_locked(user, work)


def enable(user: User, visit: Intervention) -> None:
    def work(member: User) -> None:
        require(not member.is_active, _("This account is enabled already."))
        member.is_active, member.disabled_reason = True, ""
        member.save(update_fields=["is_active", "disabled_reason"])
        visit.record(Kind.ENABLED, member)

    on_locked(user, work)


def log_out_everywhere(user: User, visit: Intervention) -> None:
    def work(member: User) -> None:
        member.token_version += 1
        member.save(update_fields=["token_version"])
        visit.record(Kind.REVOKED, member)

    on_locked(user, work)


def reset_profile(user: User, visit: Intervention) -> None:
    """The account is new again: without nickname and avatar, its pictures gone, its tokens dead."""

    def work(member: User) -> list[str]:
        require(bool(member.nickname or member.avatar), _("This account has no profile to reset."))
        files = list(member.avatar_uploads.values_list("name", flat=True))
        member.avatar_uploads.all().delete()
        member.nickname = member.avatar = ""
        member.profile_completed_at = None
        member.token_version += 1
        member.save(update_fields=["nickname", "avatar", "profile_completed_at", "token_version"])
        visit.record(Kind.PROFILE_RESET, member)
        return files

    delete_files(on_locked(user, work))


def release_mobile(user: User, visit: Intervention) -> None:
    """Make the number free for whoever binds it next."""

    def work(member: User) -> None:
        require(bool(member.mobile), _("This account has no mobile number."))
        before, member.mobile = masked(member.mobile), None
        member.save(update_fields=["mobile"])
        visit.record(Kind.MOBILE_RELEASED, member, reason=before)

    on_locked(user, work)


def correct_mobile(user: User, visit: Intervention, *, mobile: str) -> None:
    """Put another number, in E.164, in the place of one that is wrong; never one that another account has."""

    def work(member: User) -> None:
        require(bool(member.mobile), _("This account has no mobile number."))
        require(member.mobile != mobile, _("This account has this mobile number already."))
        before, member.mobile = masked(member.mobile), mobile
        member.save(update_fields=["mobile"])
        visit.record(Kind.MOBILE_CORRECTED, member, reason=f"{before} → {masked(mobile)}")

    try:
        on_locked(user, work)
    except IntegrityError:
        raise NotPossible(_("This mobile number belongs to another account.")) from None


def anonymise(user: User, visit: Intervention) -> None:
    """What the person's own deletion does, also for a disabled account."""

    def work(member: User) -> list[str]:
        member.disabled_reason = ""
        return empty(member, visit)

    delete_files(on_locked(user, work))


def look_at_mobile(user: User, visit: Intervention) -> str:
    """The full number, "" for none; no look without its record."""

    def work(member: User) -> str:
        visit.record(Kind.PHONE_VIEWED, member)
        return member.mobile or ""

    return on_locked(user, work)


def on_locked(user: User, work: Callable[[User], T]) -> T:
    return in_transaction(lambda: work(locked_member(user)))


def locked_member(user: User) -> User:
    """The row as it is now; raises NotPossible for staff and for a deleted account."""
    members = User.objects.select_for_update().filter(username=None, deleted_at=None)
    member = members.filter(pk=user.pk).first()
    if member is None:
        raise NotPossible(_("This account is deleted."))
    return member


def require(condition: bool, message: Promise) -> None:
    if not condition:
        raise NotPossible(message)


def delete_files(names: list[str]) -> None:
    """After the transaction: a file cannot be rolled back."""
    for name in names:
        default_storage.delete(name)
