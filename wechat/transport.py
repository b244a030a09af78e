"""One HTTP call to WeChat: pooled connections, a hard deadline, a bounded answer, a bounded number in flight.

Nothing here is retried but a connection that could not be opened: anything later may have reached WeChat, and a login
code that was seen there is spent.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from copy import copy
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlencode

import requests
from django.conf import settings
from urllib3 import Timeout
from urllib3.exceptions import HTTPError, NewConnectionError

from wechat.deadline import DeadlineAdapter
from wechat.errors import WechatUnavailable
from wechat.slots import in_flight
from wechat.watchers import watched

CONNECT_SECONDS = 1.0
CALL_SECONDS = 4.0
ANSWER_BYTES = 64 * 1024


@cache
def session() -> requests.Session:
    """This process's connections to WeChat; proxies and netrc of the environment are not asked for each call."""
    created = requests.Session()
    created.trust_env = False
    created.headers = {"Accept-Encoding": "identity", "User-Agent": "wechat-login"}
    adapter = DeadlineAdapter(size=64)
    created.mount("https://", adapter)
    created.mount("http://", adapter)
    return created


def get(path: str, params: Mapping[str, str]) -> dict[str, Any]:
    """GET a JSON object; raises `WechatUnavailable`."""
    request = copy(prepared_get(settings.WECHAT_API_BASE + path))
    request.url = f"{request.url}?{urlencode(params)}"
    return call(request)


def post(path: str, body: Mapping[str, Any], params: Mapping[str, str] | None = None) -> dict[str, Any]:
    """POST JSON as raw UTF-8, which WeChat insists on (40033), and get a JSON object; raises `WechatUnavailable`."""
    data = json.dumps(body, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    request = requests.Request("POST", settings.WECHAT_API_BASE + path, params=params, data=data, headers=headers)
    return call(session().prepare_request(request))


@lru_cache(maxsize=16)
def prepared_get(url: str) -> requests.PreparedRequest:
    """To be copied for each call: preparing a request takes requests nearly as long as sending it."""
    return session().prepare_request(requests.Request("GET", url))


@watched
def call(request: requests.PreparedRequest) -> dict[str, Any]:
    with in_flight():
        try:
            response = send(request)
            return parse(response)
        except (requests.RequestException, HTTPError, OSError) as error:
            failed = type(error).__name__
    # The text of these exceptions holds the URL, and the URL holds the AppSecret: raised out here, where there is no
    # `__context__` that a reporter could follow.
    raise WechatUnavailable(failed)


def send(request: requests.PreparedRequest) -> requests.Response:
    deadline = time.monotonic() + CALL_SECONDS
    try:
        return send_once(request, deadline)
    except (requests.ConnectTimeout, requests.ConnectionError) as error:
        if not never_connected(error):
            raise
        time.sleep(random.uniform(0.02, 0.1))  # noqa: S311
        return send_once(request, deadline)


def send_once(request: requests.PreparedRequest, deadline: float) -> requests.Response:
    """Straight to the adapter: `Session.send` reads the whole body of a redirect, and keeps cookies."""
    left = max(deadline - time.monotonic(), 0.001)
    timeout = Timeout(connect=min(CONNECT_SECONDS, left), total=left)
    adapter = session().get_adapter(str(request.url))
    return adapter.send(request, timeout=timeout, stream=True)  # type: ignore[arg-type]


def never_connected(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)


def parse(response: requests.Response) -> dict[str, Any]:
    """Decode the answer as WeChat writes it: JSON labelled text/plain on /sns, with raw control characters in names.

    Undecodable bytes become U+FFFD rather than vanish, so that two openids never become equal.
    """
    try:
        body = response.raw.read(ANSWER_BYTES + 1, decode_content=True)
        if len(body) > ANSWER_BYTES:
            raise WechatUnavailable("answer too long")
        if response.status_code != requests.codes.ok:
            raise WechatUnavailable(f"HTTP {response.status_code}")
        return json_object(body)
    except BaseException:
        response.close()
        raise


def json_object(body: bytes) -> dict[str, Any]:
    """Raises `WechatUnavailable`, without the parser's exception: that one carries the text, session_key and all."""
    try:
        answer = json.loads(body.decode(errors="replace"), strict=False)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise WechatUnavailable("answer is not a JSON object")
    return answer
