"""Whatever bytes arrive: a decision in the envelope or a 4xx in the envelope, never a 5xx, and `data` is an object."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from config.middleware import DRAINED_BYTES, JSON_BYTES, UPLOAD_BYTES, ApiMiddleware
from tests.conftest import Phone

LOGIN = "/api/login/silentLogin"
PATHS = [
    "login/silentLogin",
    "login/authLogin",
    "login/updateUser",
    "login/logout",
    "config",
    "user/info",
    "user/bindMobile",
    "user/delete",
    "upload/image",
    "agreements/service",
]
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"}
READ_ONLY = {"config", "user/info", "agreements/service"}

BODIES: dict[str, bytes] = {
    "50,000 braces": b"{" * 50_000,
    "50,000 brackets": b"[" * 50_000,
    "deep value": b'{"code": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "1e400": b'{"code": 1e400}',
    "-1e400": b'{"code": -1e400}',
    "NaN": b'{"code": NaN}',
    "Infinity": b'{"code": -Infinity}',
    "5,000 digits": b'{"code": ' + b"9" * 5000 + b"}",
    "utf-16": '{"code": "x"}'.encode("utf-16"),
    "utf-32": '{"code": "x"}'.encode("utf-32"),
    "byte order mark": b'\xef\xbb\xbf{"code": "x"}',
    "latin-1": '{"code": "é"}'.encode("latin-1"),
    "invalid utf-8": b'{"code": "\xff\xfe"}',
    "overlong utf-8": b'{"code": "\xc0\xaf"}',
    "lone surrogate": b'{"code": "\\ud800"}',
    "NUL": b'{"code": "a\\u0000b"}',
    "raw NUL": b'{"code": "a\x00b"}',
    "new line": b'{"code": "a\\nb"}',
    "blank": b'{"code": "a b"}',
    "Chinese": '{"code": "代码"}'.encode(),
    "array": b"[]",
    "array of objects": b'[{"code": "x"}]',
    "null": b"null",
    "true": b"true",
    "number": b"1",
    "text": b'"code"',
    "empty": b"",
    "blanks": b" \n\t ",
    "empty object": b"{}",
    "two objects": b"{}{}",
    "trailing comma": b'{"code": "x",}',
    "single quotes": b"{'code': 'x'}",
    "comment": b'{"code": "x" /* */}',
    "cut": b'{"code": "x',
    "code null": b'{"code": null}',
    "code empty": b'{"code": ""}',
    "code number": b'{"code": 40029}',
    "code boolean": b'{"code": true}',
    "code list": b'{"code": ["x"]}',
    "code object": b'{"code": {"$ne": ""}}',
    "code too long": b'{"code": "' + b"x" * 257 + b'"}',
    "__proto__": b'{"__proto__": {"code": "x"}}',
    "empty name": b'{"": "x"}',
}


def checked(response: Any) -> dict[str, Any]:
    """The envelope, which every answer has to be."""
    assert response.headers["Content-Type"].startswith("application/json")
    body: dict[str, Any] = response.json()
    assert set(body) == {"code", "msg", "data"}
    assert body["code"] in (1, 0, -1)
    assert isinstance(body["msg"], str)
    assert body["msg"]
    assert isinstance(body["data"], dict)
    if body["code"] != 1:
        assert isinstance(body["data"]["error"], str)
    return body


def sends(client: Client, data: bytes, content_type: str = "application/json", path: str = LOGIN, **more: Any) -> Any:
    return client.generic("POST", path, data, content_type=content_type, **more)


@pytest.fixture
def client(db: None, wechat: Any) -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("path", ["login/silentLogin", "login/authLogin"])
def test_body_that_holds_no_usable_code_is_a_refusal(client: Client, wechat: Any, path: str, body: bytes) -> None:
    response = sends(client, body, path=f"/api/{path}")
    answer = checked(response)
    assert (response.status_code, answer["code"], answer["data"]["error"]) == (200, 0, "invalid_input")
    assert wechat.calls() == 0
    assert User.objects.count() == 0


@pytest.mark.parametrize("name", ["array", "null", "text", "cut", "NaN", "50,000 braces", "invalid utf-8", "utf-16"])
def test_body_that_is_no_json_object_is_unreadable_and_no_field_is_blamed(client: Client, name: str) -> None:
    response = sends(client, BODIES[name], headers={"Accept-Language": "en"})
    assert response.json() == {
        "code": 0,
        "msg": "The request body could not be read.",
        "data": {"error": "invalid_input", "fields": {}},
    }


@pytest.mark.parametrize("path", ["login/updateUser", "user/bindMobile", "user/delete"])
def test_endpoints_behind_a_token_bear_every_body(alice: Phone, path: str) -> None:
    alice.complete()
    before = User.objects.values().get()
    for body in BODIES.values():
        response = sends(alice.client, body, path=f"/api/{path}", headers={"token": alice.token})
        answer = checked(response)
        assert (response.status_code, answer["code"], answer["data"]["error"]) == (200, 0, "invalid_input"), body[:40]
    assert User.objects.values().get() == before


@pytest.mark.parametrize("body", [b"", b"{" * 50_000, b"[]", b"\xff", b"null"])
def test_logout_needs_no_body_and_bears_any(alice: Phone, body: bytes) -> None:
    alice.complete()
    response = sends(alice.client, body, path="/api/login/logout", headers={"token": alice.token})
    assert (response.status_code, checked(response)["code"]) == (200, 1)


def test_duplicate_key_means_its_last_value_once(alice: Phone, wechat: Any) -> None:
    body = f'{{"code": "sim-mallory-1", "code": "{alice.code()}"}}'.encode()
    assert checked(sends(alice.client, body))["code"] == 1
    sent = [call.query["js_code"] for call in wechat.latest("/sns/jscode2session")]
    assert [code.split("-")[1] for code in sent] == ["alice"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json; charset=klingon",
        "application/json; charset=utf-16",
        'application/json; charset="',
        "application/json;",
    ],
)
def test_json_is_utf8_whatever_charset_is_claimed(alice: Phone, content_type: str) -> None:
    answer = checked(sends(alice.client, json.dumps({"code": alice.code()}).encode(), content_type))
    assert (answer["code"], answer["data"]["next_step"]) == (1, "authorize")


def test_form_body_is_accepted(alice: Phone) -> None:
    answer = checked(sends(alice.client, f"code={alice.code()}".encode(), "application/x-www-form-urlencoded"))
    assert (answer["code"], answer["data"]["next_step"]) == (1, "authorize")


def test_multipart_body_is_accepted(alice: Phone) -> None:
    answer = checked(alice.client.post(LOGIN, {"code": alice.code()}))
    assert (answer["code"], answer["data"]["next_step"]) == (1, "authorize")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/html", "application/xml", "application/jsonp", "image/png", "json", "/", ";", "a" * 500, "é"],
)
def test_other_content_types_are_415(client: Client, content_type: str) -> None:
    response = sends(client, b'{"code": "x"}', content_type)
    assert response.status_code == 415
    assert checked(response)["data"] == {"error": "invalid_input"}


@pytest.mark.parametrize("data", [b'{"code": "x"}', b""])
def test_body_without_content_type_is_no_5xx(client: Client, data: bytes) -> None:
    response = sends(client, data, "")
    assert response.status_code in (200, 415)
    assert checked(response)["code"] == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        b"--x--",
        b"--x\r\n",
        b"--x\r\nContent-Disposition: form-data\r\n\r\nz\r\n--x--",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"\x00" * 100,
        b'--x\r\nContent-Disposition: form-data; name="code"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--',
        b'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n\xff\xfe\r\n--x--',
        b"--x\r\n" * 3000,
    ],
    ids=lambda data: repr(data[:24]),
)
@pytest.mark.parametrize("boundary", ["; boundary=x", "", "; boundary=", "; boundary=\xff", f"; boundary={'y' * 300}"])
@pytest.mark.parametrize("path", [LOGIN, "/api/upload/image"])
def test_multipart_garbage_is_refused(alice: Phone, path: str, data: bytes, boundary: str) -> None:
    alice.register()
    content_type = f"multipart/form-data{boundary}"
    response = sends(alice.client, data, content_type, path, headers={"token": alice.token})
    assert response.status_code < 500
    assert checked(response)["code"] == 0


@pytest.mark.parametrize("fields", [1001, 5000])
@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_thousands_of_fields_are_refused(client: Client, kind: str, fields: int) -> None:
    names = [f"a{number}" for number in range(fields)]
    if kind == "form":
        response = sends(client, "&".join(f"{name}=1" for name in names).encode(), "application/x-www-form-urlencoded")
    else:
        response = client.post(LOGIN, dict.fromkeys(names, "1"))
    assert response.status_code in (200, 413)
    assert checked(response)["code"] == 0


@pytest.mark.parametrize("path", ["login/silentLogin", "login/authLogin", "login/updateUser", "nowhere"])
@pytest.mark.parametrize("size", [JSON_BYTES + 1, 6 * 1024 * 1024])
def test_large_body_is_413_before_it_is_read(client: Client, path: str, size: int) -> None:
    response = sends(client, b'{"code": "' + b"x" * size + b'"}', path=f"/api/{path}")
    assert response.status_code == 413
    assert checked(response)["data"] == {"error": "invalid_input"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("size", "left"), [(JSON_BYTES + 1, 0), (DRAINED_BYTES, 0), (DRAINED_BYTES + 1, DRAINED_BYTES + 1)]
)
def test_large_body_is_read_to_its_end_within_reason(rf: Any, size: int, left: int) -> None:
    """After the answer, which comes early: whoever is still sending would find a broken connection instead."""
    request = rf.post(LOGIN, b"x" * size, content_type="application/json")
    unread = request.META["wsgi.input"]
    response = ApiMiddleware(lambda request: HttpResponse())(request)
    assert (response.status_code, len(unread)) == (413, size)
    response.close()
    assert len(unread) == left


def test_upload_may_be_larger_and_has_its_own_limit(alice: Phone) -> None:
    alice.register()
    for size, status in ((UPLOAD_BYTES - 1000, 200), (UPLOAD_BYTES + 1, 413), (12 * 1024 * 1024, 413)):
        response = sends(
            alice.client,
            b"x" * size,
            "multipart/form-data; boundary=x",
            "/api/upload/image",
            headers={"token": alice.token},
        )
        assert response.status_code == status
        assert checked(response)["code"] == 0


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "99999999999999999999", "1_0", "٣", "²"])
def test_content_length_that_is_no_number_is_refused(client: Client, length: str) -> None:
    response = client.post(LOGIN, {"code": "x"}, content_type="application/json", CONTENT_LENGTH=length)
    assert 400 <= response.status_code < 500
    assert checked(response)["code"] == 0


@pytest.mark.parametrize("path", PATHS)
def test_wrong_method_is_405(alice: Phone, path: str) -> None:
    alice.complete()
    right = {"GET", "HEAD"} if path in READ_ONLY else {"POST"}
    for method, token in itertools.product(METHODS - right, [alice.token, "stale", ""]):
        response = alice.client.generic(method, f"/api/{path}", headers={"token": token, "Accept-Language": "en"})
        assert response.status_code == 405, method
        assert set(response.headers["Allow"].split(", ")) <= {"GET", "HEAD", "POST", "OPTIONS"}
        if method != "HEAD":
            assert checked(response) == {
                "code": 0,
                "msg": "This method is not allowed here.",
                "data": {"error": "method_not_allowed"},
            }


@pytest.mark.parametrize("path", ["login/silentLogin", "login/authLogin"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_get_never_logs_anybody_in(alice: Phone, wechat: Any, path: str, method: str) -> None:
    code = alice.complete().code()
    wechat.simulator.traffic.clear()
    response = alice.client.generic(method, f"/api/{path}", QUERY_STRING=f"code={code}")
    assert response.status_code == 405
    assert wechat.calls() == 0


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override"])
def test_method_cannot_be_overridden(alice: Phone, name: str) -> None:
    response = alice.client.get("/api/login/silentLogin", headers={name: "POST"})
    assert response.status_code == 405


def test_trace_echoes_nothing(client: Client) -> None:
    response = client.generic("TRACE", LOGIN, headers={"token": "s3cr3t-canary"})
    assert "s3cr3t-canary" not in response.content.decode()


@pytest.mark.parametrize("path", PATHS)
def test_trailing_slash_makes_no_difference(alice: Phone, path: str) -> None:
    alice.complete()
    method = "GET" if path in READ_ONLY else "POST"
    if path in ("login/logout", "agreements/service"):
        return
    answers = [
        alice.client.generic(method, f"/api/{path}{slash}", b"{}", "application/json", headers={"token": alice.token})
        for slash in ("", "/")
    ]
    assert [answer.status_code for answer in answers] in ([200, 200], [415, 415])
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "", "nonsense", "text/html;q=0.9, */*;q=0"])
def test_everybody_gets_json(client: Client, accept: str) -> None:
    assert checked(client.get("/api/config", headers={"Accept": accept}))["code"] == 1


@pytest.mark.parametrize(
    "query", ["format=xml", "format=api", "_method=POST", "%00=1", "%ff=%fe", "a" * 4000, "a&" * 1500]
)
def test_query_changes_nothing(client: Client, query: str) -> None:
    response = client.get("/api/config", QUERY_STRING=query)
    assert response.status_code == 200
    assert checked(response)["code"] == 1


@pytest.mark.parametrize(
    "name",
    [
        "User-Agent",
        "X-Request-ID",
        "Accept-Language",
        "X-Forwarded-For",
        "token",
        "Authorization",
        "X-Wechat-App",
        "Cookie",
        "Origin",
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        "\x00",
        "\xff\xfe",
        "a" * 8000,
        "😀".encode().decode("latin-1"),
        "%00",
        "'",
        "{{7*7}}",
    ],
)
def test_headers_of_any_kind_break_nothing(client: Client, name: str, value: str) -> None:
    response = client.post(LOGIN, {"code": "sim-alice-headers"}, content_type="application/json", headers={name: value})
    assert response.status_code < 500
    checked(response)


@pytest.mark.parametrize("alias", ["nobody", "", "default", "second", "../default", "DEFAULT", "__class__"])
def test_mini_program_that_does_not_exist_is_named(alice: Phone, alias: str) -> None:
    body = alice.silent_login(x_wechat_app=alias)
    if alias in ("", "default", "second"):
        assert body["code"] == 1
        return
    assert (alice.status, body["code"], body["data"]["error"]) == (200, 0, "invalid_input")
    assert list(body["data"]["fields"]) == ["X-Wechat-App"]
