"""The published schema is kept by the server, whatever is sent: schemathesis plays against it, in process."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, settings
from PIL import Image
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    unsupported_method,
)

from accounts.models import User
from accounts.tokens import LoginToken
from config.wsgi import application
from tests.conftest import WECHAT_AVATAR, Phone
from wechat.simulator.people import openid_of
from wechat.simulator.threaded import Running

schema = schemathesis.openapi.from_wsgi("/api/schema", application)
people = itertools.count(1)

# What the login system decided has status 200, be it about the input or about the token, and who is nobody hears that
# before anything about the method.
DECISIONS = [ignored_auth, missing_required_header, negative_data_rejection, unsupported_method]
PLAYED = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), print_blob=False
)


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The requests share the test's transaction, as those of Django's own test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def fresh_token() -> str:
    """Of a complete account that nothing has happened to: some operations end the one they are called with."""
    person = f"person{next(people)}"
    user = User.objects.create_member(nickname=person, avatar=WECHAT_AVATAR, profile_completed_at=timezone.now())
    user.openids.create(appid="wx1111111111111111", openid=openid_of("wx1111111111111111", person))
    return str(LoginToken.issue(user, pending=False))


def check_envelope(body: Any) -> None:
    assert set(body) == {"code", "msg", "data"}
    assert body["code"] in (1, 0, -1)
    assert body["msg"]
    assert isinstance(body["data"], dict)
    assert ("error" in body["data"]) == (body["code"] != 1)


def test_the_schema_is_valid_and_complete() -> None:
    written = io.StringIO()

    call_command("spectacular", validate=True, fail_on_warn=True, stdout=written)

    assert written.getvalue().startswith("openapi: 3.1.0")


@pytest.mark.timeout(120)
@schema.parametrize()
@PLAYED
def test_every_answer_to_somebody_logged_in_is_as_published(case: schemathesis.Case, db: None, wechat: Running) -> None:
    response = case.call_and_validate(headers={"token": fresh_token()}, excluded_checks=DECISIONS)
    check_envelope(response.json())


@pytest.mark.timeout(120)
@schema.parametrize()
@PLAYED
def test_every_answer_to_a_visitor_is_as_published(case: schemathesis.Case, db: None, wechat: Running) -> None:
    response = case.call_and_validate(excluded_checks=DECISIONS)
    check_envelope(response.json())


def done(method: str, path: str, body: Any = NOT_SET, token: str = "", **sent: Any) -> Any:
    """The data of a success, as published."""
    operation = schema[f"/api/{path}/"][method]
    case = operation.Case(body=body, headers={"token": token}, media_type="application/json")
    answer = case.call_and_validate(excluded_checks=DECISIONS, **sent).json()
    assert answer["code"] == 1, answer
    return answer["data"]


def picture() -> dict[str, Any]:
    """A form with a file in it, which schemathesis itself sends as a text field."""
    written = io.BytesIO()
    Image.new("RGB", (8, 8)).save(written, "PNG")
    return {"file": (io.BytesIO(written.getvalue()), "me.png")}


def test_every_success_is_as_published(alice: Phone) -> None:
    assert done("POST", "login/silentLogin", {"code": alice.code()})["token"] == ""
    token = done("POST", "login/authLogin", {"code": alice.code(), "agreed": True})["token"]
    avatar = done("POST", "upload/image", NOT_SET, token, data=picture())["url"]
    token = done("POST", "login/updateUser", {"nickname": "Alice", "avatar": avatar}, token)["token"]
    done("POST", "user/bindMobile", {"code": alice.phone_code("13800138000")}, token)
    assert done("GET", "user/info", token=token)["avatar"] == avatar
    done("GET", "config")
    done("POST", "login/logout", token=token)
    token = done("POST", "login/silentLogin", {"code": alice.code()})["token"]
    assert done("POST", "user/delete", {"confirm": True}, token) == {}


@pytest.mark.parametrize("kind", ["service", "privacy"])
def test_every_agreement_is_as_published(db: None, kind: str) -> None:
    case = schema["/api/agreements/{type}/"]["GET"].Case(path_parameters={"type": kind})

    assert case.call_and_validate(excluded_checks=DECISIONS).json()["data"]["type"] == kind
