"""Sentences follow Accept-Language, Chinese by default; slugs, codes and field names are the same in every language."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.conftest import WECHAT_AVATAR, Phone

CHINESE = re.compile("[\u4e00-\u9fff]")
ENGLISH = {"accept_language": "en"}


def answers(phone: Phone, **headers: str) -> list[dict[str, Any]]:
    """One of each kind: done, refused by us, by a serializer and by WeChat, not logged in, not found, wrong method."""
    return [
        phone.silent_login(**headers),
        phone.post("login/silentLogin", {}, **headers),
        phone.silent_login(f"unknown-{phone.code()}", **headers),
        phone.post("login/updateUser", {"nickname": "官方客服"}, **headers),
        phone.post("login/updateUser", {"avatar": "javascript:alert(1)"}, **headers),
        phone.get("user/info", token="none", **headers),
        phone.get("nowhere", **headers),
        phone.get("login/authLogin", **headers),
        phone.post("user/delete", {"confirm": False}, **headers),
    ]


def without_sentences(body: Any) -> Any:
    """The answer with every sentence, and the token, left out."""
    if isinstance(body, dict):
        return {name: without_sentences(value) for name, value in body.items() if name not in ("msg", "token")}
    return ["…" for _ in body] if isinstance(body, list) else body


def test_slugs_and_fields_are_the_same_in_every_language(alice: Phone) -> None:
    alice.complete()
    english = [without_sentences(body) for body in answers(alice, **ENGLISH)]
    for language in ("zh-Hans", "zh-CN", "de", ""):
        assert [without_sentences(body) for body in answers(alice, accept_language=language)] == english
    slugs = [body["data"].get("error") for body in english]
    assert slugs == [
        None,
        "invalid_input",
        "code_invalid",
        "nickname_rejected",
        "avatar_rejected",
        "not_logged_in",
        "not_found",
        "method_not_allowed",
        "invalid_input",
    ]


def test_english_answers_hold_no_chinese(alice: Phone) -> None:
    alice.complete()
    for body in answers(alice, **ENGLISH):
        assert not CHINESE.search(str(without_token(body)))


def without_token(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "data": {name: value for name, value in body["data"].items() if name != "token"}}


@pytest.mark.parametrize(
    ("language", "english"),
    [
        ("en", True),
        ("en-US,en;q=0.9", True),
        ("en-GB", True),
        ("de, en;q=0.5", True),
        ("zh-CN,zh;q=0.9,en;q=0.8", False),
        ("zh-Hans", False),
        ("zh", False),
        ("de", False),
        ("", False),
        ("*", False),
        ("nonsense;;;q=", False),
        ("a" * 3000, False),
        ("\x00", False),
    ],
)
def test_language_is_the_best_that_was_asked_for(alice: Phone, language: str, english: bool) -> None:
    body = alice.silent_login(accept_language=language)
    assert (body["msg"] == "Please tap the login button") is english
    assert alice.headers["Content-Language"] == ("en" if english else "zh-hans")
    assert "Accept-Language" in alice.headers["Vary"]


def test_language_does_not_stick(alice: Phone) -> None:
    """One worker serves both, one after the other, and no cookie decides."""
    chinese = alice.silent_login()["msg"]
    assert alice.silent_login(**ENGLISH)["msg"] == "Please tap the login button"
    assert alice.silent_login()["msg"] == chinese
    assert dict(alice.client.cookies) == {}


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("login", "Logged in"),
        ("info", "Done"),
        ("logout", "Logged out"),
        ("delete", "Account deleted"),
        ("update", "Saved"),
    ],
)
def test_success_has_a_sentence_of_its_own(alice: Phone, step: str, sentence: str) -> None:
    alice.complete()
    body = {
        "login": lambda: alice.silent_login(**ENGLISH),
        "info": lambda: alice.get("user/info", **ENGLISH),
        "logout": lambda: alice.post("login/logout", **ENGLISH),
        "delete": lambda: alice.post("user/delete", {"confirm": True}, **ENGLISH),
        "update": lambda: alice.post("login/updateUser", {"avatar": WECHAT_AVATAR}, **ENGLISH),
    }[step]()
    assert (body["code"], body["msg"]) == (1, sentence)


@pytest.mark.parametrize(("language", "english"), [("en", True), ("zh-Hans", False)])
def test_answers_that_no_view_made_follow_this_request_and_not_the_last(
    alice: Phone, language: str, english: bool
) -> None:
    before = {"accept_language": "zh-Hans" if english else "en"}
    headers = {"Accept-Language": language}
    alice.get("config", **before)
    assert (alice.get("nowhere", accept_language=language)["msg"] == "There is nothing here.") is english
    alice.get("config", **before)
    large = alice.client.post("/api/config", b"x" * 70_000, content_type="application/json", headers=headers)
    assert (large.json()["msg"] == "The request body is too large.") is english
    alice.get("config", **before)
    host = alice.client.get("/api/config", headers={**headers, "Host": "evil.example"})
    assert (host.json()["msg"] == "The request could not be read.") is english


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_request_tells_its_language_to_views(client: Client, language: str) -> None:
    """As Django documents it."""
    request = client.get("/admin/login/", headers={"accept-language": language}).wsgi_request
    assert language == request.LANGUAGE_CODE
