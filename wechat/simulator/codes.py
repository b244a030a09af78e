"""Login and phone codes: five minutes, one use, and a failed use is a use."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

from wechat.simulator.people import person_in_code
from wechat.simulator.phone_numbers import PhoneNumber
from wechat.simulator.refusal import Refused

LIFE = 300

NO_NUMBER = PhoneNumber("", "")

_ALPHABET = string.digits + string.ascii_letters


class Burned:
    """The codes already sent, in two generations of hashes so that a long load run stays small.

    Between `GENERATION` and twice as many of the latest codes are remembered.
    """

    GENERATION = 250_000

    def __init__(self) -> None:
        self._new: set[int] = set()
        self._old: set[int] = set()

    def burn(self, code: str) -> bool:
        """Whether the code was unburned until now."""
        mark = hash(code)
        if mark in self._new or mark in self._old:
            return False
        if len(self._new) >= self.GENERATION:
            self._old, self._new = self._new, set()
        self._new.add(mark)
        return True


@dataclass(frozen=True, slots=True)
class Minted:
    """A code handed out on purpose; `person` may be empty for a phone code, which is then anybody's."""

    appid: str
    person: str
    made: float
    expires: float
    number: PhoneNumber = NO_NUMBER


class Codes:
    """One register of codes that were minted and not yet spent."""

    def __init__(self) -> None:
        self._minted: dict[str, Minted] = {}
        self._burned = Burned()

    def add(self, code: str, minted: Minted) -> str:
        self._forget_expired(minted.made)
        self._minted[code] = minted
        return code

    def burn(self, code: str) -> bool:
        return self._burned.burn(code)

    def take(self, code: str, appid: str, now: float) -> Minted | None:
        """The code, if it is this app's and still good; it is gone afterwards in any case."""
        minted = self._minted.pop(code, None)
        if minted is None or minted.appid != appid or now >= minted.expires:
            return None
        return minted

    def _forget_expired(self, now: float) -> None:
        """Codes are minted in order of time, save for those with a life of their own."""
        for code in [code for code, minted in self._minted.items() if now >= minted.expires]:
            del self._minted[code]


class LoginCodes(Codes):
    """What wx.login gives."""

    def mint(self, appid: str, person: str, now: float, life: float = LIFE) -> str:
        """32 characters, the first a 0, as WeChat's are."""
        code = "0" + "".join(secrets.choice(_ALPHABET) for _ in range(31))
        return self.add(code, Minted(appid, person, now, now + life))

    def spend(self, code: str, appid: str, now: float) -> str:
        """The person of the code.

        40029 for an unknown, expired or foreign one, which burns it as a success does: two posts in WeChat's
        community saw 40163 on the second try of a code that had just been refused.
        """
        if not self.burn(code):
            raise Refused(40163)
        minted = self.take(code, appid, now)
        person = minted.person if minted else person_in_code(code)
        if not person:
            raise Refused(40029)
        return person


class PhoneCodes(Codes):
    """What the getPhoneNumber button gives; not interchangeable with login codes."""

    def mint(self, appid: str, number: PhoneNumber, now: float, person: str = "", life: float = LIFE) -> str:
        """64 hex digits."""
        return self.add(secrets.token_hex(32), Minted(appid, person, now, now + life, number))

    def spend(self, code: str, appid: str, now: float) -> Minted | None:
        """The code, or nothing: the phone call knows a single refusal for all that can be wrong."""
        if not self.burn(code):
            return None
        number = PhoneNumber.in_code(code)
        if number:
            return Minted(appid, "", now, now + LIFE, number)
        return self.take(code, appid, now)
