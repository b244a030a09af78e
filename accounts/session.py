"""Ending what a login began: one logout, or the whole account."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.db.models import F
from django.utils import timezone

from accounts.events import Kind, Visit
from accounts.models import User
from accounts.phone import locked_user
from accounts.transactions import in_transaction


def logout(user: User, visit: Visit) -> None:
    """Kill the account's tokens, this one in every spelling. Other devices log in silently again, without a tap."""

    def work() -> None:
        raise_token_version(user)
        visit.record(Kind.LOGOUT, user)

    in_transaction(work)


def revoke_tokens(user: User, visit: Visit, *, reason: str = "") -> None:
    """Log out everywhere, by somebody other than the user."""

    def work() -> None:
        raise_token_version(user)
        visit.record(Kind.REVOKED, user, reason=reason)

    in_transaction(work)


def raise_token_version(user: User) -> None:
    User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)
    user.token_version += 1


def delete_account(user: User, visit: Visit) -> None:
    """Empty the account at once. Its events and consents stay, without personal data; the person can come back."""
    files = in_transaction(lambda: empty(locked_user(user), visit))
    user.token_version += 1
    for name in files:
        default_storage.delete(name)


def empty(user: User, visit: Visit) -> list[str]:
    """Inside a transaction; returns the names of the user's files, to be deleted once it is committed."""
    visit.record(Kind.DELETED, user)
    files = list(user.avatar_uploads.values_list("name", flat=True))
    for owned in (user.openids, user.unionids, user.avatar_uploads):
        owned.all().delete()
    user.events.update(address=None, user_agent="")
    user.consents.update(address=None, user_agent="")
    user.nickname = user.avatar = ""
    user.mobile = user.profile_completed_at = user.last_login = None
    user.is_active = False
    user.deleted_at = timezone.now()
    user.token_version += 1
    user.save()
    return files
