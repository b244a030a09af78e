"""POST /wxa/msg_sec_check: a keyword table in the place of WeChat's model."""

from __future__ import annotations

import re
from typing import Any

from wechat.simulator.app import App
from wechat.simulator.call import Call
from wechat.simulator.credentials import app_of_token
from wechat.simulator.dialect import request_id
from wechat.simulator.people import belongs
from wechat.simulator.refusal import Refused
from wechat.simulator.world import World

LONGEST = 2500
RECENT = 2 * 3600

LABELS = {"pass": 100, "review": 21000, "risky": 20006}

_ESCAPE = re.compile(rb"(?<!\\)\\u(?=[0-9a-fA-F]{4})")


def msg_sec_check(world: World, call: Call, now: float) -> dict[str, Any]:
    """Version 2; a body without a version is the frozen version 1, which knows the content alone."""
    app = app_of_token(world, call, now)
    given = _as_judged(call).json()
    content = given.get("content")
    if not isinstance(content, str) or not content:
        raise Refused(47001)
    if len(content) > LONGEST:
        raise Refused(45002)
    if "version" not in given:
        return _first_version(world, content)
    _check(world, app, given, now)
    return _verdict(world, _texts(given), now)


def _as_judged(call: Call) -> Call:
    r"""Text sent as `\uXXXX` is judged as it stands, so it passes: a known pitfall of clients that escape."""
    return call._replace(body=_ESCAPE.sub(rb"\\\\u", call.body))


def _check(world: World, app: App, given: dict[str, Any], now: float) -> None:
    """Which code an unknown version gets is not documented; 47001 is assumed."""
    if str(given["version"]) != "2":
        raise Refused(47001)
    if given.get("scene") not in (1, 2, 3, 4):
        raise Refused(40129)
    openid = given.get("openid")
    if not belongs(openid, app.appid):
        foreign = any(belongs(openid, other) for other in world.apps)
        raise Refused(43104 if foreign else 40003)
    session = world.sessions.find(str(openid), now)
    if session is None or now - session.last_active > RECENT:
        raise Refused(61010)


def _texts(given: dict[str, Any]) -> str:
    """`signature` is looked at in scene 1 only."""
    names = ("content", "title", "nickname") + (("signature",) if given["scene"] == 1 else ())
    return "\n".join(str(given.get(name, "")) for name in names)


def _judge(world: World, text: str) -> tuple[str, str]:
    """The worst verdict of the keywords found, and the keyword."""
    found = [(verdict, word) for word, verdict in world.options.keywords.items() if word in text]
    for wanted in ("risky", "review"):
        for verdict, word in found:
            if verdict == wanted:
                return verdict, word
    return "pass", ""


def _verdict(world: World, text: str, now: float) -> dict[str, Any]:
    suggest, word = _judge(world, text)
    label: int | str = LABELS[suggest]
    if world.options.string_labels:
        label = str(label)
    keyword: dict[str, Any] = {"strategy": "keyword", "errcode": 0}
    if word:
        keyword |= {"suggest": suggest, "label": label, "level": 90, "keyword": word}
    model = {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}
    return {
        "result": {"suggest": suggest, "label": label},
        "detail": [model, keyword],
        "trace_id": request_id(now),
    }


def _first_version(world: World, content: str) -> dict[str, Any]:
    if _judge(world, content)[0] != "pass":
        raise Refused(87014)
    return {}
