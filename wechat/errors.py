"""What WeChat can refuse, and what each refusal means to the client, the operator and the next attempt.

`CATALOGUE` follows WeChat's public error tables; `PHONE` is the same with what differs on the phone number endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class WechatError(Exception):
    """A call that WeChat did not answer with success.

    `slug` and `message` are for the client; `cause` and `remedy` for the operator; `retry` says whether the same person
    may succeed by trying again, `everyday` that no operator has to act; `errcode` is WeChat's, or None when there was
    no answer.
    """

    slug: ClassVar[str]
    message: ClassVar[Text]
    retry: ClassVar[bool] = False
    everyday: ClassVar[bool] = False

    def __init__(self, cause: Text, remedy: Text = "", *, errcode: int | None = None, shed: bool = False) -> None:
        super().__init__(cause)
        self.cause, self.remedy, self.errcode, self.shed = cause, remedy, errcode, shed


class CodeInvalid(WechatError):
    slug = "code_invalid"
    message = _("The login code is not valid or has expired. Please try again.")
    retry = True
    everyday = True


class CodeUsed(WechatError):
    slug = "code_used"
    message = _("This login code has been used already. Please try again.")
    retry = True
    everyday = True


class PhoneCodeInvalid(WechatError):
    slug = "mobile_code_invalid"
    message = _("The phone number could not be confirmed. Please tap the button again.")
    retry = True
    everyday = True


class RateLimited(WechatError):
    slug = "wechat_rate_limited"
    message = _("Too many requests to WeChat. Please try again in a minute.")
    retry = True


class BlockedUser(WechatError):
    slug = "wechat_blocked_user"
    message = _("WeChat has restricted this account, so it cannot log in here.")
    everyday = True


class WechatUnavailable(WechatError):
    """WeChat could not be reached, or what answered was not WeChat. `shed`: the call was not even tried."""

    slug = "wechat_unavailable"
    message = _("WeChat cannot be reached at the moment. Please try again.")
    retry = True


class WechatMisconfigured(WechatError):
    slug = "wechat_misconfigured"
    message = _("Login is not available at the moment. The operator has been informed.")


class TokenRejected(WechatMisconfigured):
    """The access_token is bogus, superseded or expired: fetch it again, once."""


class ContentCheckImpossible(WechatUnavailable):
    """WeChat will not judge this text for this person (away for more than two hours, foreign openid)."""


@dataclass(frozen=True)
class Meaning:
    error: type[WechatError]
    cause: Text
    remedy: Text = ""


FRESH_CODE = _("Call wx.login again; check that the mini-program and the server use the same AppID.")

CATALOGUE: dict[int, Meaning] = {
    -1: Meaning(WechatUnavailable, _("WeChat is busy (system error)."), _("Wait; nothing is wrong here.")),
    40001: Meaning(
        TokenRejected,
        _("The access_token is wrong or no longer the newest."),
        _("Let one service alone fetch tokens, through stable_token."),
    ),
    40002: Meaning(WechatMisconfigured, _("WeChat does not know the grant_type."), _("Update this project.")),
    40003: Meaning(ContentCheckImpossible, _("The openid belongs to another AppID.")),
    40013: Meaning(WechatMisconfigured, _("WeChat does not know this AppID."), _("Correct WECHAT_APPID.")),
    40014: Meaning(TokenRejected, _("The access_token is malformed."), _("Clear the cache.")),
    40029: Meaning(CodeInvalid, _("The code is wrong, expired or of another mini-program."), FRESH_CODE),
    40033: Meaning(WechatMisconfigured, _("The body held \\u escapes."), _("Update this project.")),
    40097: Meaning(WechatMisconfigured, _("WeChat could not use the arguments."), _("Update this project.")),
    40125: Meaning(
        WechatMisconfigured,
        _("The AppSecret is wrong or belongs to another AppID."),
        _("Copy WECHAT_SECRET anew; where it was lost, reset it there: mp.weixin.qq.com, Development settings."),
    ),
    40129: Meaning(WechatMisconfigured, _("WeChat does not know the scene."), _("Update this project.")),
    40163: Meaning(CodeUsed, _("The code was used before."), FRESH_CODE),
    40164: Meaning(
        WechatMisconfigured,
        _("This server's address is not in WeChat's IP whitelist."),
        _("Add the address this server calls out from to the IP whitelist: mp.weixin.qq.com, Development settings."),
    ),
    40226: Meaning(BlockedUser, _("WeChat holds this person for a high risk and stopped the login.")),
    40243: Meaning(
        WechatMisconfigured,
        _("The AppSecret is frozen."),
        _("Unfreeze it (takes about 10 minutes): mp.weixin.qq.com, Development settings."),
    ),
    41001: Meaning(TokenRejected, _("The access_token is missing."), _("Clear the cache.")),
    41002: Meaning(WechatMisconfigured, _("The AppID is missing."), _("Set WECHAT_APPID.")),
    41004: Meaning(WechatMisconfigured, _("The AppSecret is missing."), _("Set WECHAT_SECRET.")),
    41008: Meaning(CodeInvalid, _("The code is missing."), FRESH_CODE),
    42001: Meaning(TokenRejected, _("The access_token has expired."), _("Check this server's clock.")),
    42003: Meaning(CodeInvalid, _("The code has expired."), FRESH_CODE),
    43002: Meaning(WechatMisconfigured, _("WeChat wants POST."), _("Update this project.")),
    43003: Meaning(WechatMisconfigured, _("WeChat wants https."), _("Correct WECHAT_API_BASE.")),
    43104: Meaning(ContentCheckImpossible, _("AppID and openid do not belong together.")),
    44002: Meaning(WechatMisconfigured, _("The body was empty."), _("Check the egress proxy.")),
    44991: Meaning(RateLimited, _("The text check's limit for this minute is reached."), _("Wait a minute.")),
    45009: Meaning(
        RateLimited,
        _("The quota of the day is used up."),
        _("Wait until midnight, or clear the quota: mp.weixin.qq.com, Development, API quota."),
    ),
    45011: Meaning(RateLimited, _("The limit of this minute is reached."), _("Wait a minute.")),
    47001: Meaning(WechatMisconfigured, _("WeChat could not read the body."), _("Check the egress proxy.")),
    48001: Meaning(
        WechatMisconfigured,
        _("The mini-program may not use this interface; phone numbers need a verified, non-personal account."),
        _("Have the account verified, or switch coerce_mobile off."),
    ),
    48004: Meaning(WechatMisconfigured, _("WeChat closed this interface for violations."), _("Appeal at WeChat.")),
    50002: Meaning(WechatMisconfigured, _("The mini-program is restricted."), _("Appeal at WeChat.")),
    50004: Meaning(WechatMisconfigured, _("The account may not fetch access_tokens."), _("Ask WeChat.")),
    50007: Meaning(WechatMisconfigured, _("The account is frozen."), _("Ask WeChat.")),
    61004: Meaning(
        WechatMisconfigured,
        _("This server's address is not in WeChat's IP whitelist."),
        _("Add the address this server calls out from to the IP whitelist: mp.weixin.qq.com, Development settings."),
    ),
    61010: Meaning(ContentCheckImpossible, _("The person has not used the mini-program in the last two hours.")),
    89503: Meaning(WechatMisconfigured, _("An administrator has to confirm this address."), _("Confirm it in WeChat.")),
    89506: Meaning(WechatMisconfigured, _("An administrator refused this address."), _("Wait 24 hours, confirm it.")),
    89507: Meaning(WechatMisconfigured, _("An administrator refused this address."), _("Wait an hour, confirm it.")),
}

PHONE = {
    **CATALOGUE,
    40003: Meaning(PhoneCodeInvalid, _("The phone code belongs to another person.")),
    40013: Meaning(PhoneCodeInvalid, _("The phone code belongs to another AppID.")),
    40029: Meaning(PhoneCodeInvalid, _("The phone code is wrong, used, expired or of another mini-program or person.")),
    40097: Meaning(PhoneCodeInvalid, _("The phone code is missing or garbled.")),
    40163: Meaning(PhoneCodeInvalid, _("The phone code was used before.")),
    43104: Meaning(PhoneCodeInvalid, _("The phone code belongs to another person.")),
}

# WeChat's have five or six digits; a number that no column holds comes from somebody else.
LARGEST_ERRCODE = 2**31 - 1

UNKNOWN = Meaning(
    WechatMisconfigured,
    _("WeChat refused with an errcode that is not in the catalogue."),
    _("Look the errcode up in WeChat's documentation."),
)

# What there is to say of a `WechatUnavailable`.
NO_ANSWER = Meaning(
    WechatUnavailable,
    _("WeChat could not be reached, or what answered was not WeChat."),
    _("Check name resolution, the firewall and the egress proxy; the log names each failed call."),
)


def raise_for_errcode(answer: dict[str, Any], meanings: dict[int, Meaning] = CATALOGUE) -> None:
    """Raise what the answer's errcode means; an absent or zero errcode is success.

    WeChat's older pages show errcode as text, so "40029" counts as 40029. WeChat's errmsg is not kept: it can repeat
    what was sent.
    """
    errcode = as_int(answer.get("errcode", 0))
    if errcode is None:
        raise WechatUnavailable("errcode is not a number")
    if errcode != 0:
        meaning = meanings.get(errcode, UNKNOWN)
        raise meaning.error(meaning.cause, meaning.remedy, errcode=errcode)


def as_int(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        number = int(value)
    except ValueError:
        return None
    return number if abs(number) <= LARGEST_ERRCODE else None
