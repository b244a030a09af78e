"""Who is asking: a token in either header, checked against the account as it is now, in one SELECT."""

from __future__ import annotations

from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from accounts.models import State, User
from accounts.tokens import LoginToken


class TokenAuthentication(JWTAuthentication):
    """`Authorization: Bearer <jwt>`, or else `token: <jwt>`, which likeshop-family clients send.

    An `Authorization` of another scheme is some proxy's and does not hide the other header.
    """

    def get_header(self, request: Request) -> bytes | None:  # type: ignore[override]
        authorization: str = request.META.get("HTTP_AUTHORIZATION", "")
        if authorization.lower().startswith("bearer "):
            return b"Bearer " + authorization[7:].encode("latin-1", "replace")
        token: str = request.META.get("HTTP_TOKEN", "")
        return b"Bearer " + token.encode("latin-1", "replace") if token else None

    def authenticate(self, request: Request) -> tuple[User, LoginToken] | None:  # type: ignore[override]
        found = super().authenticate(request)
        if found:
            request._request.login = found  # type: ignore[attr-defined]
        return found  # type: ignore[return-value]

    def get_user(self, validated_token: LoginToken) -> User:  # type: ignore[override]
        """Raises AuthenticationFailed for a revoked token and for a disabled or deleted account."""
        user = User.objects.for_token(str(validated_token.get("sub")))
        if user is None or user.token_version != validated_token.get("ver"):
            raise AuthenticationFailed
        if not may_hold_token(user):
            raise AuthenticationFailed
        return user


def may_hold_token(user: User) -> bool:
    return user.state not in (State.DISABLED, State.DELETED)
