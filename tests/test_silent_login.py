"""Contract §3, first column: what each visitor gets from silent login."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from tests.conftest import Phone


def test_unknown_visitor_is_sent_to_the_button_and_leaves_no_trace(alice: Phone) -> None:
    assert alice.silent_login(accept_language="en") == {
        "code": 1,
        "msg": "Please tap the login button",
        "data": {"token": "", "is_new_user": True, "mobile": "", "next_step": "authorize"},
    }
    assert User.objects.count() == 0


def test_complete_user_is_logged_in(alice: Phone) -> None:
    alice.complete()

    body = alice.silent_login()

    token = body["data"].pop("token")
    assert token
    assert body["data"] == {"is_new_user": False, "mobile": "", "next_step": ""}
    assert alice.get("user/info")["data"]["nickname"] == "Alice"
