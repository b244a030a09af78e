"""What an operator does when tokens have leaked: they are dead at once, and nobody has to tap anything."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.management.commands import revoke_tokens
from accounts.models import LoginEvent, User
from tests.conftest import Phone


def output(*arguments: str) -> str:
    written = StringIO()
    call_command("revoke_tokens", *arguments, stdout=written)
    return written.getvalue().strip()


def outcome(phone: Phone) -> object:
    body = phone.get("user/info")
    return body["data"].get("error", body["code"])


def revoked() -> list[tuple[str | None, str, str]]:
    events = LoginEvent.objects.filter(kind=LoginEvent.Kind.REVOKED)
    return list(events.values_list("user__sn", "flow", "reason").order_by("pk"))


def test_tokens_of_the_named_members_are_dead(alice: Phone, bob: Phone, charlie: Phone) -> None:
    for phone in (alice, bob, charlie):
        phone.complete()
    first, second = alice.user.sn, bob.user.sn

    assert output(first, second) == "Tokens of 2 members revoked."

    assert [outcome(phone) for phone in (alice, bob, charlie)] == ["not_logged_in", "not_logged_in", 1]
    assert sorted(revoked()) == sorted([(first, "shell", ""), (second, "shell", "")])


def test_whoever_was_logged_out_is_back_without_a_tap(alice: Phone) -> None:
    alice.complete()
    output("--all")
    assert outcome(alice) == "not_logged_in"
    assert alice.silent_login()["data"]["next_step"] == ""
    assert outcome(alice) == 1


def test_everybody_can_be_revoked_in_batches(
    alice: Phone, bob: Phone, charlie: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revoke_tokens, "BATCH", 1)
    staff = User.objects.create_superuser("admin", "a-Long-passw0rd")
    for phone in (alice, bob, charlie):
        phone.complete()

    assert output("--all") == "Tokens of 3 members revoked."

    assert {outcome(phone) for phone in (alice, bob, charlie)} == {"not_logged_in"}
    assert revoked() == [(None, "shell", "everybody")]
    staff.refresh_from_db()
    assert staff.token_version == 0


def test_mistyped_number_revokes_nobody(alice: Phone) -> None:
    alice.complete()
    with pytest.raises(CommandError, match="There is no member 1234567890; nothing was done"):
        output(alice.user.sn, "1234567890")
    assert outcome(alice) == 1
    assert revoked() == []


@pytest.mark.parametrize("arguments", [[], ["--all", "1234567890"]])
def test_nobody_is_revoked_by_mistake(alice: Phone, arguments: list[str]) -> None:
    alice.complete()
    with pytest.raises(CommandError, match="Name member numbers, or --all"):
        output(*arguments)
    assert outcome(alice) == 1


def test_nobody_can_be_everybody(db: None) -> None:
    assert output("--all") == "Tokens of 0 members revoked."
