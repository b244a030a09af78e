"""Why somebody was refused, in words for staff. The keys are the slugs of contract §6 that a record can hold."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: dict[str, Promise] = {
    "account_disabled": _("The account is disabled."),
    "authorized_login_disabled": _("The authorised login is switched off (mnp_wechat_auth)."),
    "agreement_required": _("The agreements were not accepted."),
    "mobile_taken": _("The mobile number belongs to another account."),
    "mobile_code_invalid": _("The phone code was wrong, used or expired."),
    "nickname_rejected": _("The nickname is reserved, not allowed, or WeChat's text check refused it."),
    "avatar_rejected": _("The picture comes from elsewhere, or is not one."),
    "code_invalid": _("The login code was wrong or expired, or of another mini-program."),
    "code_used": _("The login code was sent twice."),
    "wechat_rate_limited": _("WeChat's limit of calls was reached."),
    "wechat_blocked_user": _("WeChat has restricted the person."),
    "wechat_unavailable": _("WeChat could not be reached, or did not answer as WeChat."),
    "wechat_misconfigured": _("WeChat refused this server: see the WeChat errors."),
}


def in_words(slug: str) -> str:
    """A slug that a later version records is shown as it is, rather than not at all."""
    return str(REASONS.get(slug, slug))
