"""One search box: the shape of what was typed says which index is asked. Nothing is ever scanned."""

from __future__ import annotations

import re
import unicodedata

from django.db.models import QuerySet

from accounts.models import User

SEPARATORS = re.compile(r"[\s().-]+")
MAINLAND = re.compile(r"(?:\+86|0086|86)?(1[3-9]\d{9})", re.ASCII)
E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
SN = re.compile(r"[1-9]\d{9}", re.ASCII)
OPENID = re.compile(r"[\w-]{20,64}", re.ASCII)


def e164(typed: str) -> str:
    """A phone number as people type it (`138 0013 8000`, `+86 138-0013-8000`) in E.164, "" for anything else."""
    number = SEPARATORS.sub("", unicodedata.normalize("NFKC", typed))
    mainland = MAINLAND.fullmatch(number)
    if mainland:
        return f"+86{mainland[1]}"
    return number if E164.fullmatch(number) and not number.startswith("+86") else ""


def exact(typed: str, users: QuerySet[User]) -> User | None:
    """The one user whose mobile, member number or openid this is."""
    term = typed.strip()
    if mobile := e164(term):
        return users.filter(mobile=mobile).first()
    if SN.fullmatch(term):
        return users.filter(sn=term).first()
    if OPENID.fullmatch(term):
        return users.filter(openids__openid=term).first()
    return None


def by_nickname(typed: str, users: QuerySet[User]) -> QuerySet[User]:
    """Nicknames that begin so, as they are written."""
    term = unicodedata.normalize("NFC", typed).strip()
    return users.filter(nickname__startswith=term) if term else users
