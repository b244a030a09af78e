"""Telephone numbers as getuserphonenumber writes them."""

from __future__ import annotations

import re
from typing import NamedTuple

# Country codes of one and two digits; all others have three (ITU-T E.164).
_SHORT = (
    {1, 7, 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49}
    | {51, 52, 53, 54, 55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86}
    | {90, 91, 92, 93, 94, 95, 98}
)
_WRITTEN = re.compile(r"\+?[0-9]{5,15}")


class PhoneNumber(NamedTuple):
    country: str
    pure: str

    @classmethod
    def parse(cls, text: str) -> PhoneNumber | None:
        """`13800138000` is of mainland China; `+85261234567` names its country."""
        if not _WRITTEN.fullmatch(text):
            return None
        if not text.startswith("+"):
            return cls("86", text)
        digits = text[1:]
        length = next((size for size in (1, 2) if int(digits[:size]) in _SHORT), 3)
        return cls(digits[:length], digits[length:])

    @classmethod
    def in_code(cls, code: str) -> PhoneNumber | None:
        """The number of `phone-<number>-<anything>`, or nothing."""
        prefix, _, rest = code.partition("-")
        number, _, anything = rest.partition("-")
        return cls.parse(number) if prefix == "phone" and anything else None

    @property
    def full(self) -> str:
        """With the country prefix, which WeChat leaves out for mainland numbers."""
        return self.pure if self.country == "86" else f"+{self.country}{self.pure}"
