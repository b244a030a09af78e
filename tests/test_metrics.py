"""What Prometheus reads: every decision is counted once, under few labels, and nobody is named."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import User
from config import metrics
from tests.conftest import Phone
from tests.test_production_checks import GOOD, run, start
from wechat.simulator.threaded import Running
from wechat.watchers import watchers

TOKEN = "a-metrics-token-of-the-tests-9fKq2LxW7mB3"

Read = Callable[..., float]


def page(authorization: str = f"Bearer {TOKEN}") -> Any:
    return metrics.metrics(RequestFactory().get("/metrics", headers={"Authorization": authorization}))


def samples() -> dict[str, float]:
    lines = page().content.decode().splitlines()
    return {name: float(value) for name, _blank, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


@pytest.fixture
def grown(settings: Any) -> Iterator[Read]:
    """With metrics on: by how much a sample has grown since the test began."""
    settings.METRICS_TOKEN = TOKEN
    settings.MIDDLEWARE = ["config.metrics.MetricsMiddleware", *settings.MIDDLEWARE]
    handlers = list(logging.getLogger().handlers)
    metrics.install()
    before = samples()
    yield lambda name: samples().get(name, 0) - before.get(name, 0)
    watchers.clear()
    logging.getLogger().handlers = handlers


def answered(endpoint: str, outcome: str, status: int = 200) -> str:
    return f'login_answers_total{{endpoint="{endpoint}",outcome="{outcome}",status="{status}"}}'


def called(api: str, result: str) -> str:
    return f'login_wechat_call_seconds_count{{api="{api}",result="{result}"}}'


def checked(result: str) -> str:
    return f'login_token_checks_total{{result="{result}"}}'


def test_logins_are_counted_by_flow_and_outcome(alice: Phone, grown: Read, set_switches: Any) -> None:
    alice.silent_login()
    alice.complete()
    alice.silent_login()
    alice.silent_login("not-a-code")
    set_switches(mnp_wechat_auth=False)
    alice.auth_login()

    assert grown(answered("silent_login", "authorize")) == 1
    assert grown(answered("auth_login", "complete_profile")) == 1
    assert grown(answered("update_user", "logged_in")) == 1
    assert grown(answered("silent_login", "logged_in")) == 1
    assert grown(answered("silent_login", "code_invalid")) == 1
    assert grown(answered("auth_login", "authorized_login_disabled")) == 1
    assert grown('login_answer_seconds_count{endpoint="silent_login"}') == 3


def test_calls_to_wechat_are_counted_by_errcode(alice: Phone, wechat: Running, grown: Read) -> None:
    alice.complete()
    alice.silent_login("not-a-code")
    wechat.fault("errcode", errcode=40164, calls=1)
    alice.silent_login()
    wechat.fault("errcode", errcode=999_777, calls=1)
    alice.silent_login()
    wechat.fault("reset", calls=1)
    alice.silent_login()

    assert grown(called("jscode2session", "0")) == 1
    assert grown(called("jscode2session", "40029")) == 1
    assert grown(called("jscode2session", "40164")) == 1
    assert grown(called("jscode2session", "other")) == 1
    assert grown(called("jscode2session", "unavailable")) == 1
    assert grown(called("msg_sec_check", "0")) == 1
    assert grown(called("stable_token", "0")) == 1
    assert grown("login_wechat_in_flight") == 0


def test_call_that_was_shed_is_counted_and_has_no_latency(alice: Phone, settings: Any, grown: Read) -> None:
    from wechat import transport

    settings.WECHAT_MAX_IN_FLIGHT = 1
    with transport.in_flight():
        assert alice.silent_login()["data"]["error"] == "wechat_unavailable"

    assert grown("login_wechat_shed_total") == 1
    assert grown(called("jscode2session", "unavailable")) == 0
    assert grown(answered("silent_login", "wechat_unavailable", 503)) == 1


def test_call_in_flight_is_seen(alice: Phone, wechat: Running, grown: Read) -> None:
    seen: list[float] = []

    class Look:
        def began(self) -> None:
            seen.append(grown("login_wechat_in_flight"))

        def ended(self, api: str, result: str, seconds: float) -> None:
            seen.append(grown("login_wechat_in_flight"))

    watchers.append(Look())
    alice.silent_login()
    assert seen == [1, 0]


def test_tokens_are_counted_by_what_became_of_them(alice: Phone, bob: Phone, grown: Read) -> None:
    alice.complete()
    bob.register()
    before = grown(checked("accepted"))
    alice.get("user/info")
    bob.get("user/info")
    alice.token = "nonsense"
    alice.get("user/info")
    alice.token = ""
    alice.get("user/info")

    assert grown(checked("accepted")) - before == 1
    assert grown(checked("owes_step")) == 1
    assert grown(checked("refused")) == 2


def test_renewal_is_counted(alice: Phone, grown: Read) -> None:
    alice.complete()
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        alice.get("user/info")
    assert grown("login_token_renewals_total") == 1


def test_errors_in_the_log_are_counted_by_their_logger(alice: Phone, wechat: Running, grown: Read) -> None:
    wechat.fault("errcode", errcode=40164, calls=1)
    alice.silent_login()
    assert grown('login_errors_logged_total{logger="wechat.client"}') == 1


def test_what_a_client_sends_makes_no_label(alice: Phone, grown: Read) -> None:
    """Else a scanner could fill the memory with its paths."""
    before = set(samples())
    for number in range(20):
        alice.get(f"nothing/{number}")
        alice.client.get(f"/{number}.php")
        alice.client.generic(f"VERB{number}", "/api/config")
    new = set(samples()) - before
    assert all(str(number) not in name for name in new for number in range(7, 20) if "le=" not in name), new
    assert grown(answered("other", "not_found", 404)) + grown(answered("other", "", 404)) == 40


def test_nobody_is_named(alice: Phone, grown: Read) -> None:
    alice.complete(nickname="Alicia")
    alice.bind_mobile("13800138000")
    alice.client.get("/api/user/info", headers={"token": alice.token, "User-Agent": "Nosy"}, REMOTE_ADDR="203.0.113.9")
    text = page().content.decode()
    person = User.objects.get()
    for secret in (person.sn, "Alicia", "13800138000", "203.0.113.9", "Nosy", person.openids.get().openid):
        assert secret not in text


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", f"bearer {TOKEN}", TOKEN, "Bearer é"])
def test_page_is_closed_without_the_token(grown: Read, authorization: str) -> None:
    answer = page(authorization)
    assert (answer.status_code, answer.content) == (401, b"")


ROUTE = """
import config.wsgi
from django.test import RequestFactory
print(config.wsgi.application.get_response(RequestFactory().get("/metrics", HTTP_HOST="api.example.com")).status_code)
import sys
print("prometheus_client" in sys.modules)
"""


@pytest.mark.parametrize(("token", "printed"), [("", "404\nFalse\n"), (TOKEN, "401\nTrue\n")])
def test_page_exists_only_where_a_token_is_set(token: str, printed: str) -> None:
    done = run("-c", ROUTE, METRICS_TOKEN=token, **GOOD)
    assert done.stdout == printed, done.stderr


def test_production_does_not_start_with_a_token_that_can_be_guessed() -> None:
    done = start(METRICS_TOKEN="prometheus", **GOOD)
    assert "METRICS_TOKEN is too weak" in done.stderr
    assert done.returncode != 0
