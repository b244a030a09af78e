"""The control API under /_control: what a test turns and reads while the simulator runs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from wechat.simulator.app import App
from wechat.simulator.call import Answer, Call
from wechat.simulator.codes import LIFE
from wechat.simulator.faults import Fault
from wechat.simulator.merging import merged
from wechat.simulator.refusal import Refused
from wechat.simulator.simulator import Simulator

PREFIX = "/_control/"

Handler = Callable[[Simulator, Call], Any]


def handle(simulator: Simulator, call: Call) -> tuple[Answer, Fault | None]:
    """One call to the simulator, be it for WeChat or for the control API, which no fault touches."""
    if call.path.startswith(PREFIX):
        return control(simulator, call), None
    return simulator.receive(call)


def control(simulator: Simulator, call: Call) -> Answer:
    methods = HANDLERS.get(call.path.removeprefix(PREFIX).rstrip("/"))
    if methods is None:
        return _json(404, {"error": f"there are {', '.join(sorted(HANDLERS))}"})
    handler = methods.get(call.method)
    if handler is None:
        return _json(405, {"error": f"use {' or '.join(methods)}"})
    try:
        return _json(200, handler(simulator, call))
    except Refused:
        return _json(400, {"error": "the body is to be a JSON object"})
    except ValueError as mistake:
        return _json(400, {"error": str(mistake)})


def get_faults(simulator: Simulator, _: Call) -> Any:
    return {"faults": [asdict(fault) for fault in simulator.faults.all()]}


def post_faults(simulator: Simulator, call: Call) -> Any:
    given = call.json()
    simulator.fault(_text(given, "kind"), **{name: value for name, value in given.items() if name != "kind"})
    return get_faults(simulator, call)


def delete_faults(simulator: Simulator, call: Call) -> Any:
    simulator.faults.clear()
    return get_faults(simulator, call)


def post_codes(simulator: Simulator, call: Call) -> Any:
    """A login code for a `person`, or with a `number` a phone code."""
    given, world = call.json(), simulator.world
    appid = _text(given, "appid", next(iter(world.apps)))
    person, life = _text(given, "person", ""), _number(given, "life", LIFE)
    if "number" in given:
        return {"code": world.mint_phone_code(appid, _text(given, "number"), person, life)}
    return {"code": world.mint_login_code(appid, person or _text({}, "person"), life)}


def get_apps(simulator: Simulator, _: Call) -> Any:
    """Without the secrets: a mounted simulator holds the project's real ones."""
    return {"apps": [_public(app) for app in simulator.world.apps.values()]}


def post_apps(simulator: Simulator, call: Call) -> Any:
    """Change the app of that appid, or add it, for which a secret is needed."""
    given = call.json()
    appid = _text(given, "appid")
    app = simulator.world.apps.get(appid) or App(appid, _text(given, "secret"))
    app = merged(app, given)
    simulator.world.set_app(app)
    return _public(app)


def get_people(simulator: Simulator, call: Call) -> Any:
    """Who `?person=` is to each app, or the names of the blocked."""
    person = call.query.get("person", "")
    return _person(simulator, person) if person else {"blocked": sorted(simulator.world.blocked)}


def post_people(simulator: Simulator, call: Call) -> Any:
    given = call.json()
    person, blocked = _text(given, "person"), given.get("blocked")
    if type(blocked) is not bool:
        raise ValueError("'blocked' is to be true or false")
    simulator.world.block(person, blocked)
    return _person(simulator, person)


def get_options(simulator: Simulator, _: Call) -> Any:
    return asdict(simulator.world.options)


def post_options(simulator: Simulator, call: Call) -> Any:
    simulator.world.options = merged(simulator.world.options, call.json())
    return get_options(simulator, call)


def delete_tokens(simulator: Simulator, call: Call) -> Any:
    """Every access_token ends: superseded (40001), or with `?as=expired` run out (42001)."""
    simulator.world.end_tokens(expired=call.query.get("as") == "expired")
    return {}


def post_clock(simulator: Simulator, call: Call) -> Any:
    simulator.world.advance(_number(call.json(), "advance"))
    return {"now": simulator.world.now()}


def get_calls(simulator: Simulator, _: Call) -> Any:
    traffic = simulator.traffic
    return {"calls": traffic.per_path(), "total": traffic.calls(), "connections": traffic.connections}


def post_reset(simulator: Simulator, _: Call) -> Any:
    simulator.reset()
    return {}


HANDLERS: dict[str, dict[str, Handler]] = {
    "faults": {"GET": get_faults, "POST": post_faults, "DELETE": delete_faults},
    "codes": {"POST": post_codes},
    "apps": {"GET": get_apps, "POST": post_apps},
    "people": {"GET": get_people, "POST": post_people},
    "options": {"GET": get_options, "POST": post_options},
    "tokens": {"DELETE": delete_tokens},
    "clock": {"POST": post_clock},
    "calls": {"GET": get_calls},
    "reset": {"POST": post_reset},
}


def _person(simulator: Simulator, person: str) -> dict[str, Any]:
    world = simulator.world
    apps = [
        {"appid": appid, "openid": world.openid(appid, person), "unionid": world.unionid(appid, person)}
        for appid in world.apps
    ]
    return {"person": person, "blocked": world.is_blocked(person), "apps": apps}


def _public(app: App) -> dict[str, Any]:
    return asdict(app) | {"secret": "***"}


def _text(given: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = given.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        raise ValueError(f"{name!r} is to be a text")
    return value


def _number(given: Mapping[str, Any], name: str, default: float | None = None) -> float:
    value = given.get(name, default)
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{name!r} is to be a number")
    return float(value)


def _json(status: int, payload: Any) -> Answer:
    return Answer(status, "application/json", json.dumps(payload, ensure_ascii=False).encode())
