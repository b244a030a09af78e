"""A full token in use never ends: before it does, an answer brings the next one in `X-Renewed-Token`."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.steps import Step, step_owed
from accounts.tokens import LoginToken

HEADER = "X-Renewed-Token"


class RenewalMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        login: tuple[User, LoginToken] | None = getattr(request, "login", None)
        if login and response.status_code == HTTPStatus.OK and renewable(*login):
            response.headers[HEADER] = str(LoginToken.issue(login[0], pending=False))
        return response


def renewable(user: User, token: LoginToken) -> bool:
    """Not for a token that this very request revoked, nor for an account that owes a step."""
    if not token.due_for_renewal or user.token_version != token["ver"]:
        return False
    return step_owed(user, coerce_mobile=bool(user.coerce_mobile)) is Step.NOTHING
