"""Where the time of an answer went, in its `Server-Timing` header, which browsers draw. With `DEBUG` only."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

from wechat.watchers import watchers

Next = Callable[[HttpRequest], HttpResponse]


class Clock:
    """Seconds of one request."""

    def __init__(self) -> None:
        self.wechat = self.database = 0.0

    def query(self, execute: Callable[..., Any], *args: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*args)
        finally:
            self.database += time.perf_counter() - started


current: ContextVar[Clock | None] = ContextVar("clock", default=None)


class WechatTiming:
    def began(self) -> None:
        return

    def ended(self, api: str, result: str, seconds: float) -> None:
        clock = current.get()
        if clock:
            clock.wechat += seconds


def install() -> None:
    """Once for each process, when Django starts."""
    watchers.append(WechatTiming())


class ServerTimingMiddleware:
    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        clock, started = Clock(), time.perf_counter()
        token = current.set(clock)
        try:
            with connection.execute_wrapper(clock.query):
                response = self.get_response(request)
        finally:
            current.reset(token)
        spent = {"total": time.perf_counter() - started, "wechat": clock.wechat, "db": clock.database}
        response.headers["Server-Timing"] = ", ".join(f"{name};dur={took * 1000:.1f}" for name, took in spent.items())
        return response
