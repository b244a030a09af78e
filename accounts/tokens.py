"""One access token and no refresh token: silent login is the refresh.

A token names an account (`sub`, the member number) and the account's `token_version`; raising that number kills every
token given out before, on every worker, however it is spelled. Keys form a ring: the newest signs, all verify, and the
token's `kid` says which.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from datetime import timedelta
from functools import lru_cache
from typing import Any

import jwt
from django.conf import settings
from jwt.algorithms import HMACAlgorithm
from jwt.utils import base64url_decode, base64url_encode
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.tokens import Token

from accounts.models import User

ALGORITHM = "HS256"
ISSUER, AUDIENCE = "wechat-login", "mini-program"
LEEWAY_SECONDS = 60
LONGEST = 1024
# What neither the database nor the calendar could take, though a key of ours signed it.
MEMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
LATEST = 2**33
COMPACT_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


class HS256(HMACAlgorithm):
    """PyJWT's, which by itself parses the key at each use, as four other kinds of key that it must not be."""

    def __init__(self) -> None:
        super().__init__(self.SHA256)
        self.prepare_key = lru_cache(maxsize=8)(super().prepare_key)  # type: ignore[method-assign]


jwt.unregister_algorithm(ALGORITHM)
jwt.register_algorithm(ALGORITHM, HS256())


class KeyRing(TokenBackend):
    """simplejwt's backend with several keys, told apart by `kid`; a token is only tried with the key it names."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = {kid_of(key): key for key in reversed(keys)}
        super().__init__(ALGORITHM, keys[0], audience=AUDIENCE, issuer=ISSUER, leeway=LEEWAY_SECONDS)
        self.headers = {"kid": kid_of(keys[0])}

    def encode(self, payload: dict[str, Any]) -> str:
        claims = {**payload, "aud": self.audience, "iss": self.issuer}
        return jwt.encode(claims, self.prepared_signing_key, algorithm=self.algorithm, headers=self.headers)

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        claims: dict[str, Any] = super().decode(in_one_spelling(token), verify=verify)  # type: ignore[arg-type]
        if not (MEMBER.fullmatch(str(claims.get("sub"))) and 0 < claims.get("exp", 0) < LATEST):
            raise TokenBackendError("no claims of ours")
        return claims

    def get_verifying_key(self, token: Any) -> str:
        try:
            return self.keys[jwt.get_unverified_header(token)["kid"]]
        except (jwt.InvalidTokenError, KeyError, TypeError):
            raise TokenBackendError("no such key") from None


def kid_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def in_one_spelling(token: bytes | str) -> str:
    """The token, unless it has foreign characters, padding or spare bits that base64 decoding would overlook."""
    text = token.decode("latin-1") if isinstance(token, bytes) else token
    if len(text) > LONGEST or not COMPACT_JWT.fullmatch(text):
        raise TokenBackendError("not a compact JWT")
    if not all(canonical(part) for part in text.split(".")):
        raise TokenBackendError("not canonical base64url")
    return text


def canonical(part: str) -> bool:
    try:
        return base64url_encode(base64url_decode(part)).decode() == part
    except binascii.Error:
        return False


@lru_cache(maxsize=4)
def key_ring(keys: tuple[str, ...]) -> KeyRing:
    return KeyRing(keys)


class LoginToken(Token):
    """What a client holds. `TokenError` from its constructor means: no usable token."""

    token_type = "login"  # noqa: S105
    lifetime = timedelta(minutes=30)

    @property
    def token_backend(self) -> TokenBackend:
        return key_ring(tuple(settings.JWT_SIGNING_KEYS))

    @classmethod
    def issue(cls, user: User, *, pending: bool) -> LoginToken:
        """A token for an account that still owes a step (`pending`) lives minutes, a full one days."""
        token = cls()
        token["sub"], token["ver"] = user.sn, user.token_version
        token.set_exp(lifetime=pending_lifetime() if pending else full_lifetime())
        return token

    @property
    def due_for_renewal(self) -> bool:
        left = self["exp"] - self.current_time.timestamp()
        return bool(left < full_lifetime().total_seconds() / 2)


def pending_lifetime() -> timedelta:
    return timedelta(minutes=settings.PENDING_TOKEN_MINUTES)


def full_lifetime() -> timedelta:
    return timedelta(days=settings.TOKEN_DAYS)
