"""How WeChat's two families of endpoints write the same things differently."""

from __future__ import annotations

import json
import random
from typing import Any

from wechat.simulator.call import Answer
from wechat.simulator.refusal import text_of

# WeChat answers text/plain on /sns although the body is JSON, and says `encoding` instead of `charset` elsewhere.
SNS_CONTENT_TYPE = "text/plain"
API_CONTENT_TYPE = "application/json; encoding=utf-8"

# Made once: json.dumps makes a new one at each call, a tenth of the time of a login.
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

NOT_FOUND = Answer(
    404,
    "text/html",
    b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
)


def request_id(now: float) -> str:
    """Three groups of eight hex digits, the first being the unix time."""
    return f"{int(now):08x}-{random.getrandbits(32):08x}-{random.getrandbits(32):08x}"


def content_type_of(path: str) -> str:
    return SNS_CONTENT_TYPE if path.startswith("/sns/") else API_CONTENT_TYPE


def encode(path: str, payload: Any) -> bytes:
    """JSON in raw UTF-8; /sns escapes its slashes, as PHP does."""
    text = _encoder.encode(payload)
    if path.startswith("/sns/"):
        text = text.replace("/", "\\/")
    return text.encode()


def success(path: str, payload: dict[str, Any], delay: float = 0.0) -> Answer:
    """/wxa says errcode 0 in front of its data; /sns and the token endpoints never do."""
    if path.startswith("/wxa/"):
        payload = {"errcode": 0, "errmsg": "ok", **payload}
    return Answer(200, content_type_of(path), encode(path, payload), delay)


def refusal(path: str, errcode: int, text: str, now: float) -> Answer:
    """HTTP 200 with an errcode; the request id follows a comma under /sns and a space elsewhere."""
    separator = ", " if path.startswith("/sns/") else " "
    errmsg = f"{text or text_of(errcode, path)}{separator}rid: {request_id(now)}"
    return Answer(200, content_type_of(path), encode(path, {"errcode": errcode, "errmsg": errmsg}))
