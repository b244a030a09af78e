"""One shape for every answer, also where no view of ours is at hand: Django's errors, middleware, a lost database."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation, TooManyFieldsSent
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import Http404
from django.test import Client

from accounts import views
from config import envelope, errors, middleware
from tests.conftest import WECHAT_AVATAR, Phone

ENGLISH = {"Accept-Language": "en"}
SERVER_ERROR = {"code": 0, "msg": "Something went wrong here.", "data": {"error": "server_error"}}
AWAY = {
    "code": 0,
    "msg": "The service is not available at the moment. Please try again.",
    "data": {"error": "server_error"},
}
ENDPOINTS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "login/silentLogin", {"code": "sim-alice-envelope"}),
    ("POST", "login/authLogin", {"code": "sim-alice-envelope"}),
    ("POST", "login/updateUser", {"nickname": "Alice", "avatar": WECHAT_AVATAR}),
    ("POST", "login/logout", {}),
    ("GET", "config", {}),
    ("GET", "user/info", {}),
    ("POST", "user/bindMobile", {"code": "phone-13800138000-1"}),
    ("POST", "user/delete", {"confirm": True}),
    ("GET", "agreements/service", {}),
]
by_path = pytest.mark.parametrize(("method", "path", "body"), ENDPOINTS, ids=[path for _, path, _ in ENDPOINTS])


@pytest.fixture
def client(db: None, wechat: Any) -> Client:
    return Client(raise_request_exception=False, headers=ENGLISH)


def send(phone: Phone, method: str, path: str, body: dict[str, Any]) -> Any:
    headers = {**ENGLISH, "token": phone.token}
    if method == "GET":
        return phone.client.get(f"/api/{path}", headers=headers)
    return phone.client.post(f"/api/{path}", body, content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "login",
        "login/",
        "login/silentLogin/x",
        "login/silentlogin",
        "user",
        "nowhere",
        "a/b/c",
        "%00",
        "agreements/x",
        "é",
    ],
)
def test_unknown_path_of_the_api_is_404_in_the_envelope(client: Client, path: str) -> None:
    response = client.get(f"/api/{path}")
    assert response.status_code == 404
    assert response.json() == {"code": 0, "msg": "There is nothing here.", "data": {"error": "not_found"}}
    assert response.headers["Content-Type"].startswith("application/json")
    assert response.headers["Cache-Control"] == "no-store"


def test_unknown_path_elsewhere_is_a_plain_page(client: Client) -> None:
    for path in ("/", "/nowhere", "/.git/config", "/.env", "/apiary"):
        response = client.get(path)
        assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert "Traceback" not in response.content.decode()


def test_host_that_is_not_ours_is_400_in_the_envelope(client: Client) -> None:
    response = client.post("/api/login/silentLogin", {"code": "x"}, headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert response.json() == {
        "code": 0,
        "msg": "The request could not be read.",
        "data": {"error": "invalid_input"},
    }


def test_405_413_415_and_429_are_whole_envelopes(client: Client, settings: Any) -> None:
    silent = "/api/login/silentLogin"
    settings.LOGIN_PER_MINUTE = 1
    answers = [
        client.post("/api/login/logout", b"x" * 70_000, content_type="application/json"),
        client.get("/api/login/logout"),
        client.post(silent, "x", content_type="text/plain"),
        client.post(silent, {"code": "x"}, content_type="application/json"),
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (413, {"code": 0, "msg": "The request body is too large.", "data": {"error": "invalid_input"}}),
        (405, {"code": 0, "msg": "This method is not allowed here.", "data": {"error": "method_not_allowed"}}),
        (415, {"code": 0, "msg": "Send JSON, or a form.", "data": {"error": "invalid_input"}}),
        (
            429,
            {
                "code": 0,
                "msg": "Too many attempts. Please wait a moment and try again.",
                "data": {"error": "throttled"},
            },
        ),
    ]
    assert answers[3].headers["Retry-After"] == "60"
    assert client.get(silent).status_code == 405


@pytest.mark.parametrize(
    "error", [RuntimeError("boom"), DatabaseError("boom"), MemoryError(), RecursionError(), KeyError("x")]
)
def test_unforeseen_error_of_a_view_is_500_and_says_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(views, "silent_login", fail)
    response = client.post("/api/login/silentLogin", {"code": "x"}, content_type="application/json")
    assert response.status_code == 500
    assert response.json() == SERVER_ERROR
    assert [record.message for record in caplog.records if record.exc_info] == ["unhandled exception"]


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 200, "not_logged_in"),
        (SuspiciousOperation(), 200, "invalid_input"),
        (TooManyFieldsSent(), 200, "invalid_input"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_error_of_django_inside_a_view_is_enveloped(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, slug: str
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(views, "silent_login", fail)
    response = client.post("/api/login/silentLogin", {"code": "x"}, content_type="application/json")
    assert (response.status_code, response.json()["data"]["error"]) == (status, slug)


@pytest.mark.parametrize("where", ["outside", "inside"])
def test_exception_in_a_middleware_is_500_in_the_envelope(
    client: Client, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("boom")

    if where == "outside":
        monkeypatch.setattr(middleware.ApiMiddleware, "too_large", fail)
    else:
        monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", fail)
    response = client.post("/api/login/silentLogin", {"code": "x"}, content_type="application/json")
    assert response.status_code == 500
    assert response.json() == SERVER_ERROR
    assert response.headers["X-Request-ID"]


def test_exception_elsewhere_is_a_plain_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", fail)
    response = client.get("/nowhere")
    assert (response.status_code, response.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert "boom" not in response.content.decode()


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@by_path
def test_lost_database_is_503_everywhere(
    alice: Phone, method: str, path: str, body: dict[str, Any], error: type[Exception]
) -> None:
    alice.register() if path == "login/updateUser" else alice.complete()

    def lost(*args: Any) -> None:
        raise error("server closed the connection: host=db.internal password=hunter2")

    with connection.execute_wrapper(lost):
        response = send(alice, method, path, body)

    assert response.status_code == 503
    assert response.json() == AWAY
    assert response.headers["Retry-After"] == "5"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "body"), [(path, body) for _, path, body in ENDPOINTS if path.startswith("login/") and "code" in body]
)
def test_lost_wechat_is_503(alice: Phone, wechat: Any, path: str, body: dict[str, Any]) -> None:
    wechat.fault("reset")
    response = send(alice, "POST", path, body)
    assert response.status_code == 503
    assert response.json() == {
        "code": 0,
        "msg": "WeChat cannot be reached at the moment. Please try again.",
        "data": {"error": "wechat_unavailable"},
    }
    assert response.headers["Retry-After"] == "5"


@by_path
def test_every_endpoint_answers_one_object(alice: Phone, method: str, path: str, body: dict[str, Any]) -> None:
    alice.complete()
    response = send(alice, method, path, body)
    answer = response.json()
    assert list(answer) == ["code", "msg", "data"]
    assert isinstance(answer["data"], dict)
    assert answer["msg"]
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"].startswith("application/json")


def test_wrong_fields_are_named_with_their_sentences(client: Client) -> None:
    response = client.post("/api/login/authLogin", {"agreed": "perhaps"}, content_type="application/json")
    assert response.json() == {
        "code": 0,
        "msg": "This field is required.",
        "data": {
            "error": "invalid_input",
            "fields": {"code": ["This field is required."], "agreed": ["Must be a valid boolean."]},
        },
    }


def test_answer_is_utf8_as_people_read_it(alice: Phone) -> None:
    alice.complete("小明")
    response = send(alice, "GET", "user/info", {})
    assert "小明".encode() in response.content


def test_handlers_of_django_are_ours() -> None:
    from config import urls

    assert (urls.handler400, urls.handler404, urls.handler500) == (
        errors.bad_request,
        errors.not_found,
        errors.server_error,
    )
    assert (envelope.DONE, envelope.REFUSED, envelope.NOT_LOGGED_IN) == (1, 0, -1)
