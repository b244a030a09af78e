"""People are derived, never stored: the same name is the same person for ever, in no memory at all."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

BLOCKED_PREFIX = "blocked"

_HALF = 13


def openid_of(appid: str, person: str) -> str:
    """28 characters starting with `o`; the second half proves the first, so `belongs` needs no register."""
    half = _digest("openid", appid, person)[:_HALF]
    return f"o{half}{_proof(appid, half)}"


def belongs(openid: object, appid: str) -> bool:
    """Whether this openid was made for this app."""
    if not isinstance(openid, str) or len(openid) != 28 or not openid.startswith("o"):
        return False
    half = openid[1 : 1 + _HALF]
    return openid[1 + _HALF :] == _proof(appid, half)


def unionid_of(open_account: str, person: str) -> str:
    """One per person and Open Platform account, of the same shape as an openid."""
    return "o" + _digest("unionid", open_account, person)[:27]


def person_in_code(code: str) -> str:
    """The person of `sim-<person>-<anything>`, or nothing."""
    prefix, _, rest = code.partition("-")
    person, _, anything = rest.partition("-")
    return person if prefix == "sim" and anything else ""


def _proof(appid: str, half: str) -> str:
    return _digest("proof", appid, half)[: 27 - _HALF]


def _digest(*parts: str) -> str:
    return urlsafe_b64encode(sha256("\0".join(parts).encode()).digest()).decode()
