"""Who is asking: a token in either header, checked against the account as it is now, in one SELECT."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from accounts.models import State, User
from accounts.tokens import LoginToken


class TokenAuthentication(JWTAuthentication):
    """`Authorization: Bearer <jwt>`, or else `token: <jwt>`, which likeshop-family clients send.

    What somebody's proxy or an empty store puts into the one (`Basic …`, `Bearer undefined`) does not hide the other.
    """

    def authenticate(self, request: Request) -> tuple[User, LoginToken] | None:  # type: ignore[override]
        """The first usable token; raises AuthenticationFailed if some were sent and none is."""
        failed = None
        for raw in tokens_of(request):
            try:
                token = cast("LoginToken", self.get_validated_token(raw))
                login = self.get_user(token), token
            except AuthenticationFailed as error:
                failed = error
                continue
            request._request.login = login  # type: ignore[attr-defined]
            return login
        if failed:
            raise failed
        return None

    def get_user(self, validated_token: LoginToken) -> User:  # type: ignore[override]
        """Raises AuthenticationFailed for a revoked token and for a disabled or deleted account."""
        user = User.objects.for_token(str(validated_token.get("sub")))
        if user is None or user.token_version != validated_token.get("ver"):
            raise AuthenticationFailed
        if not may_hold_token(user):
            raise AuthenticationFailed
        return user


def tokens_of(request: Request) -> Iterator[bytes]:
    authorization: str = request.META.get("HTTP_AUTHORIZATION", "")
    if authorization.lower().startswith("bearer "):
        yield authorization[7:].encode("latin-1", "replace")
    if token := request.META.get("HTTP_TOKEN", ""):
        yield token.encode("latin-1", "replace")


def may_hold_token(user: User) -> bool:
    return user.state not in (State.DISABLED, State.DELETED)
