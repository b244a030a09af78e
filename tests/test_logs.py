"""Logs are JSON, one line a record, one access line a request, with no secret in them whatever goes wrong."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as live

from accounts.models import LoginEvent
from config.logs import JsonFormatter, redact
from tests import canary
from tests.conftest import WECHAT_AVATAR, Phone
from wechat import transport

SESSION = "/sns/jscode2session"
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 302},
    {"kind": "garbage"},
    {"kind": "empty"},
    {"kind": "errcode", "errcode": -1},
    {"kind": "errcode", "errcode": 40001},
    {"kind": "errcode", "errcode": 40013},
    {"kind": "errcode", "errcode": 40029},
    {"kind": "errcode", "errcode": 40125},
    {"kind": "errcode", "errcode": 40163},
    {"kind": "errcode", "errcode": 40164},
    {"kind": "errcode", "errcode": 40226},
    {"kind": "errcode", "errcode": 45011},
    {"kind": "errcode", "errcode": 99999},
    {"kind": "errcode", "errcode": 40125, "errmsg": f"invalid appsecret {canary.SESSION_KEY} {canary.ACCESS_TOKEN}"},
    {"kind": "body", "body": {"session_key": canary.SESSION_KEY, "access_token": canary.ACCESS_TOKEN}},
    {"kind": "body", "body": [canary.SESSION_KEY]},
    {"kind": "latency", "ms": 50},
    {"kind": "hang"},
    {"kind": "reset"},
    {"kind": "close"},
    {"kind": "truncated"},
    {"kind": "drip", "interval_ms": 400},
    {"kind": "drip", "interval_ms": 400, "headers": True},
    {"kind": "huge", "megabytes": 1},
    {"kind": "huge", "megabytes": 1, "chunked": True},
]
FLOWS: dict[str, Callable[[Phone], dict[str, Any]]] = {
    "silent_login": lambda phone: phone.silent_login(),
    "authorized_login": lambda phone: phone.auth_login(nickname="Alice", mobile_code=phone.phone_code("13800138000")),
    "update_user": lambda phone: phone.update_user(
        nickname="Alice", avatar=WECHAT_AVATAR, mobile_code=phone.phone_code("13800138000")
    ),
    "bind_mobile": lambda phone: phone.bind_mobile("13800138000"),
}


@pytest.fixture
def log() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Everything that was logged, at DEBUG and by everybody, as our formatter writes it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    noisy = [logging.getLogger(name) for name in ("urllib3", "requests", "django.db.backends", "django.request", "PIL")]
    levels = [logger.level for logger in noisy]
    for logger in noisy:
        logger.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)
    for logger, level in zip(noisy, levels, strict=True):
        logger.setLevel(level)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(str(value)[:12] for value in fault.values()))
@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_no_fault_of_wechat_brings_a_secret_out(
    alice: Phone,
    wechat: Any,
    log: Callable[[], list[dict[str, Any]]],
    flow: Callable[[Phone], dict[str, Any]],
    fault: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The canaries of `tests.canary` look at each answer and each record; here the lines are looked at once more."""
    alice.register()
    # Only now: a busy machine takes longer than that over a registration.
    monkeypatch.setattr(transport, "CALL_SECONDS", 0.3)
    wechat.fault(fault["kind"], **{name: value for name, value in fault.items() if name != "kind"})

    body = flow(alice)

    assert body["code"] in (1, 0)
    assert alice.status in (200, 503)
    text = json.dumps(log()) + json.dumps(body)
    assert canary.found_in(text) == []
    assert "13800138000" not in json.dumps(log())
    assert "js_code=sim" not in text
    assert alice.token not in json.dumps(log())


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_port_that_is_closed_brings_no_secret_out(
    alice: Phone, settings: Any, log: Callable[[], list[dict[str, Any]]], flow: Callable[[Phone], dict[str, Any]]
) -> None:
    alice.register()
    settings.WECHAT_API_BASE = "http://127.0.0.1:9"
    assert flow(alice)["code"] in (1, 0)
    assert canary.found_in(json.dumps(log())) == []
    assert "/sns/jscode2session?appid" not in json.dumps(log())


def test_traceback_with_secrets_in_it_is_cleaned() -> None:
    secret = live.WECHAT_APPS["default"]["SECRET"]
    try:
        raise RuntimeError(f"GET https://api.weixin.qq.com/sns?secret={secret} {live.SECRET_KEY} 13800138000")
    except RuntimeError as error:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": (type(error), error, error.__traceback__)})
    line = json.loads(JsonFormatter().format(record))
    assert "RuntimeError: GET https://api.weixin.qq.com/sns?secret=[hidden] [hidden] 138****8000" in line["traceback"]


def access_lines(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["logger"] == "config.access"]


def test_each_request_has_one_access_line_with_its_id(alice: Phone, log: Callable[[], list[dict[str, Any]]]) -> None:
    paths = ["/api/config", "/api/nowhere", "/healthz", "/admin/", "/api/user/info"]
    ids = [alice.client.get(path).headers["X-Request-ID"] for path in paths]
    alice.client.post("/api/login/silentLogin", b"x" * 70_000, content_type="application/json")
    alice.client.get("/api/config", headers={"Host": "evil.example"})

    lines = access_lines(log())

    assert [line["message"] for line in lines] == [
        *(f"GET {path}" for path in paths),
        "POST /api/login/silentLogin",
        "GET /api/config",
    ]
    assert [line["status"] for line in lines] == [200, 404, 200, 302, 200, 413, 400]
    assert [line["request_id"] for line in lines[:5]] == ids
    assert {line["address"] for line in lines} == {"127.0.0.1"}
    assert all(isinstance(line["ms"], float) for line in lines)
    assert lines[4]["error"] == "not_logged_in"


def test_access_line_leaves_the_query_out(alice: Phone, log: Callable[[], list[dict[str, Any]]]) -> None:
    alice.complete()
    alice.client.get("/api/config", {"token": alice.token, "code": "sim-alice-in-a-query"})
    assert access_lines(log())[-1]["message"] == "GET /api/config"
    assert "in-a-query" not in json.dumps(log())


def test_lines_of_one_request_share_its_id(alice: Phone, wechat: Any, log: Callable[[], list[dict[str, Any]]]) -> None:
    wechat.fault("errcode", errcode=40164, path=SESSION)
    alice.silent_login(x_request_id="from-the-proxy", accept_language="en")
    lines = [line for line in log() if line["logger"] in ("wechat.client", "config.access")]
    assert [line["request_id"] for line in lines] == ["from-the-proxy"] * 2
    assert lines[0]["errcode"] == 40164
    assert "whitelist" in lines[0]["remedy"].lower()


BREAKERS = [
    "\r\n",
    "\n",
    "\r",
    "\x1b[2J\x1b[31m",
    "\x00",
    "\u2028",
    "\u2029",
    "\x85",
    "\x0b",
    "\x0c",
    "\x1e",
    '"}\n{"level": "INFO',
]


@pytest.mark.parametrize("text", BREAKERS, ids=ascii)
def test_client_cannot_break_a_line(alice: Phone, text: str, log: Callable[[], list[dict[str, Any]]]) -> None:
    evil = f"before{text}after"
    alice.register()
    header = evil.encode().decode("latin-1")
    alice.update_user(nickname=evil, avatar=evil)
    alice.silent_login(evil)
    alice.auth_login(nickname=evil, headimgurl=evil)
    alice.silent_login(user_agent=header, x_request_id=header, x_forwarded_for=header, x_wechat_app=header)
    alice.client.get(f"/api/{evil.replace(chr(0), '%00')}")
    assert len(access_lines(log())) == 6
    for event in LoginEvent.objects.all():
        assert event.user_agent.isprintable()


@pytest.mark.parametrize("text", BREAKERS, ids=ascii)
def test_formatter_writes_one_printable_line(text: str) -> None:
    record = logging.makeLogRecord(
        {"name": f"a{text}b", "msg": "%s", "args": (text,), "levelname": "INFO", "extra": text, text: text}
    )
    line = JsonFormatter().format(record)
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert line.isascii()
    assert json.loads(line)["extra"] == text


def test_traceback_stays_in_its_line() -> None:
    try:
        raise ValueError("a\nb\x1b[31m")
    except ValueError as error:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": (type(error), error, error.__traceback__)})
    assert len(JsonFormatter().format(record).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("13800138000", "138****8000"),
        ("+8613800138000", "+86138****8000"),
        ("call 13800138000.", "call 138****8000."),
        ('{"mobile": "19912345678"}', '{"mobile": "199****5678"}'),
        ("order 20231113800138000", "order 20231113800138000"),
        ("12345678901", "12345678901"),
        ("secret=abc&x=1", "secret=[hidden]&x=1"),
        ("access_token=12_ab-c", "access_token=[hidden]"),
        ('"session_key": "abc=="', '"session_key": "[hidden]"'),
        ("js_code=0a1b2c", "js_code=[hidden]"),
        ("Authorization: Bearer abc.def", "Authorization: [hidden]"),
        ("token: abc", "token: [hidden]"),
        ("password='hunter2'", "password='[hidden]'"),
        ("got eyJhbGciOiJI.eyJzdWIi.c2ln here", "got [hidden] here"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_redaction_hides_what_is_secret_and_keeps_the_rest(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_values_of_extra_are_cleaned_as_well() -> None:
    record = logging.makeLogRecord(
        {
            "msg": "x",
            "url": f"/?secret={live.WECHAT_APPS['default']['SECRET']}",
            "body": {"mobile": "13800138000"},
            "n": 3,
        }
    )
    line = json.loads(JsonFormatter().format(record))
    assert (line["url"], line["body"], line["n"]) == ("/?secret=[hidden]", "{'mobile': '138****8000'}", 3)


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS", "JWT_SIGNING_KEYS"])
def test_every_key_of_the_settings_is_hidden(settings: Any, name: str) -> None:
    settings.SECRET_KEY_FALLBACKS = ["an-older-secret-key-Qw8Er5Ty"]
    value = getattr(settings, name)
    for key in [value] if isinstance(value, str) else value:
        assert redact(f"<{key}>") == "<[hidden]>"


def test_warning_of_python_is_a_line_of_the_servers_log() -> None:
    script = (
        "import logging.config, runpy, warnings;"
        "logging.config.dictConfig(runpy.run_path('gunicorn.conf.py')['logconfig_dict']); warnings.warn('watch out')"
    )
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "DEBUG": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=live.BASE_DIR, capture_output=True, text=True, check=True
    )
    (line,) = done.stderr.splitlines()
    assert "watch out" in json.loads(line)["message"]
