"""What the login system refuses, each with its stable slug (contract §6) and a sentence for the person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User


class Refused(Exception):
    """A decision, answered with `code` 0; `data` goes along with the slug.

    `field` is the bad input's name, `user` is for the record.
    """

    slug: ClassVar[str]
    field: ClassVar[str] = ""
    message: str | Promise

    def __init__(self, message: str | Promise | None = None, *, user: User | None = None, **data: Any) -> None:
        super().__init__(self.slug)
        self.message = message or type(self).message
        self.user, self.data = user, data


class AccountDisabled(Refused):
    slug = "account_disabled"
    message = _("This account has been disabled. Please contact customer service.")


class AuthorizedLoginDisabled(Refused):
    """Carries the current `config`, so that an open client re-aligns."""

    slug = "authorized_login_disabled"
    message = _("Login is switched off at the moment.")


class AgreementRequired(Refused):
    slug = "agreement_required"
    message = _("Please read and accept the agreements first.")


class MobileTaken(Refused):
    """Says nothing about the account that has the number."""

    slug = "mobile_taken"
    message = _("This mobile number belongs to another account.")


class MobileCodeInvalid(Refused):
    slug = "mobile_code_invalid"
    message = _("The phone number could not be confirmed. Please tap the button again.")


class NicknameRejected(Refused):
    slug = "nickname_rejected"
    field = "nickname"
    message = _("This nickname cannot be used. Please choose another one.")


class AvatarRejected(Refused):
    slug = "avatar_rejected"
    field = "avatar"
    message = _("This picture cannot be used. Please choose another one.")


class PictureRejected(AvatarRejected):
    """The same of an uploaded file."""

    field = "file"


class NotLoggedIn:
    """`code` -1: the client logs in silently and replays."""

    slug = "not_logged_in"
    message = _("Please log in first.")
