"""Switches that shut people out. They can be set, but only by somebody who says that he knows the effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from settings_app.forecast import phone_capability
from settings_app.models import LoginSettings


@dataclass(frozen=True)
class Lockout:
    """`effect` is what happens, `consent` the sentence that has to be ticked."""

    slug: str
    effect: str
    consent: str

    @property
    def field(self) -> str:
        return f"understood-{self.slug}"


def lockouts(switches: LoginSettings) -> list[Lockout]:
    return list(found(switches))


def found(switches: LoginSettings) -> Iterator[Lockout]:
    if switches.closed:
        yield Lockout("closed", switches.warning, _("Yes, from now on nobody shall be able to log in."))
    elif not switches.mnp_wechat_auth:
        yield Lockout("no_registration", switches.warning, _("Yes, from now on nobody new shall be able to register."))
    if switches.coerce_mobile and phone_capability() is False:
        yield Lockout(
            "no_phone",
            _(
                "WeChat does not let the mini-program read phone numbers (errcode 48001): "
                "whoever has no mobile number can bind none and stays locked out."
            ),
            _("Yes, users without a mobile number shall be locked out."),
        )
