"""What no visitor can do: staff's acts, WeChat's moods, and a server that goes away. `stage` has started all of it."""

from __future__ import annotations

import io
import itertools
import os
from typing import Any

import requests
from PIL import Image

EXCHANGE = "/sns/jscode2session"
numbers = itertools.count(1)


def asked(method: str, address: str, **sent: Any) -> dict[str, Any]:
    response = requests.request(method, address, timeout=60, **sent)
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer


def stage(what: str, body: dict[str, Any]) -> dict[str, Any]:
    return asked("POST", f"{os.environ['STAGE']}/{what}", json=body)


def simulator(method: str, what: str, **body: Any) -> dict[str, Any]:
    return asked(method, f"{os.environ['SIMULATOR']}/_control/{what}", json=body)


def api(path: str, token: str = "", **sent: Any) -> dict[str, Any]:
    answer = asked("POST", f"{os.environ['SERVER']}/api/{path}", headers={"token": token}, **sent)
    assert answer["code"] == 1, answer
    data: dict[str, Any] = answer["data"]
    return data


def switches(**changed: bool) -> None:
    """Those not named are at their defaults."""
    stage("switches", changed)


def happens(person: str, what: str) -> dict[str, Any]:
    """`disable`, `end_tokens`, or `expired_token`, which is the answer."""
    return stage("person", {"name": person, "what": what})


def server(*, up: bool) -> None:
    stage("server", {"up": up})


def wechat_says(errcode: int) -> None:
    """To every code, until `calm`."""
    simulator("POST", "faults", kind="errcode", errcode=errcode, path=EXCHANGE)


def calm() -> None:
    """WeChat without faults, and nothing counted."""
    simulator("POST", "reset")


def exchanges() -> int:
    """How many codes the server has exchanged at WeChat."""
    return int(simulator("GET", "calls")["calls"].get(EXCHANGE, 0))


def stranger() -> str:
    return f"visitor{os.getpid()}x{next(numbers)}"


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (40, 40), "#07a854").save(written, "PNG")
    return written.getvalue()


def member(nickname: str = "Alice") -> str:
    """Somebody with a complete profile and no number."""
    person = stranger()
    token = api("login/authLogin", json={"code": f"sim-{person}-0", "agreed": True})["token"]
    avatar = api("upload/image", token, files={"file": ("me.png", picture())})["url"]
    api("login/updateUser", token, json={"nickname": nickname, "avatar": avatar})
    return person
