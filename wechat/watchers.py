"""Who is told how each call to WeChat went: nobody, unless metrics or Server-Timing are on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import requests

from wechat.errors import WechatUnavailable, as_int

Call = Callable[[requests.PreparedRequest], dict[str, Any]]


class Watcher(Protocol):
    """Is told by the thread that waits for the answer, so it may neither wait nor fail."""

    def began(self) -> None: ...

    def ended(self, api: str, result: str, seconds: float) -> None:
        """`api` is the end of the path; `result` is WeChat's errcode as text, "0" for success, or "unavailable", or
        "shed" for a call not made.
        """


watchers: list[Watcher] = []


def watched(call: Call) -> Call:
    """`call`, told to whoever watches; nothing of its query, because that holds the AppSecret."""

    def told(request: requests.PreparedRequest) -> dict[str, Any]:
        return tell(call, request) if watchers else call(request)

    return told


def tell(call: Call, request: requests.PreparedRequest) -> dict[str, Any]:
    result = "unavailable"
    for watcher in watchers:
        watcher.began()
    started = time.perf_counter()
    try:
        answer = call(request)
        result = str(as_int(answer.get("errcode", 0)))
        return answer
    except WechatUnavailable as error:
        result = "shed" if error.shed else result
        raise
    finally:
        seconds = time.perf_counter() - started
        for watcher in watchers:
            watcher.ended(api_of(request), result, seconds)


def api_of(request: requests.PreparedRequest) -> str:
    """The last part of the path. `urlsplit` would remember every address whole."""
    return str(request.url).partition("?")[0].rpartition("/")[2]
