"""Middleware that only pages need. The API knows no session, no logged-in browser and no message for its next page."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django_otp import middleware as second_factor


class OnlyForPages:
    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith("/api/"):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class SessionMiddleware(OnlyForPages, sessions.SessionMiddleware):
    pass


class AuthenticationMiddleware(OnlyForPages, auth.AuthenticationMiddleware):
    pass


class OTPMiddleware(OnlyForPages, second_factor.OTPMiddleware):  # type: ignore[misc]
    pass


class MessageMiddleware(OnlyForPages, messages.MessageMiddleware):
    pass
