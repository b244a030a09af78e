"""The address that limits and records use cannot be chosen by the client."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from accounts.models import Consent, LoginEvent
from accounts.origin import Origin, client_address, network
from tests.conftest import Phone

CLAIMS = {
    "X-Real-IP": "6.6.6.6",
    "Forwarded": "for=6.6.6.6",
    "CF-Connecting-IP": "6.6.6.6",
    "True-Client-IP": "6.6.6.6",
    "X-Client-IP": "6.6.6.6",
    "X-Cluster-Client-IP": "6.6.6.6",
    "X-Forwarded": "6.6.6.6",
    "Fastly-Client-IP": "6.6.6.6",
    "X-WX-Source-IP": "6.6.6.6",
    "Via": "6.6.6.6",
}


def address(forwarded: str | None = None, peer: str = "203.0.113.9", **headers: str) -> str | None:
    sent = headers if forwarded is None else {**headers, "X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", headers=sent, REMOTE_ADDR=peer))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, "203.0.113.9"),
        (0, "6.6.6.6", "203.0.113.9"),
        (0, "6.6.6.6, 7.7.7.7", "203.0.113.9"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6,7.7.7.7,198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6,, ,198.51.100.1 ", "198.51.100.1"),
        (1, None, None),
        (1, "", None),
        (1, "unknown", None),
        (1, "198.51.100.1,", None),
        (1, "6.6.6.6, garbage", None),
        (1, "6.6.6.6, _hidden", None),
        (2, "198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", None),
        (2, "garbage, 10.0.0.1", None),
        (2, None, None),
    ],
)
def test_only_the_entries_of_our_own_proxies_are_believed(
    settings: Any, proxies: int, forwarded: str | None, expected: str | None
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert address(forwarded) == expected


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_other_headers_are_never_believed(settings: Any, proxies: int) -> None:
    settings.TRUSTED_PROXIES = proxies
    forwarded = ", ".join(["198.51.100.1"] * proxies) or None
    assert address(forwarded, **CLAIMS) == ("198.51.100.1" if proxies else "203.0.113.9")


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("198.51.100.1:4711", "198.51.100.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("[::ffff:198.51.100.1]:80", "198.51.100.1"),
        ("::ffff:c633:6401", "198.51.100.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("198.51.100.001", None),
        ("0198.51.100.1", None),
        ("3325256705", None),
        ("127.1", None),
        ("0x7f.0.0.1", None),
        ("1.2.3.4.5", None),
        ("198.51.100.1 ", "198.51.100.1"),
        ("１98.51.100.1".encode().decode("latin-1"), None),
        ("'; --", None),
        ("x" * 5000, None),
        ("[", None),
        ("]", None),
        ("[]", None),
        (":", None),
        ("::", "::"),
    ],
)
def test_one_address_has_one_spelling(settings: Any, spelling: str, expected: str | None) -> None:
    settings.TRUSTED_PROXIES = 1
    assert address(f"6.6.6.6, {spelling}") == expected


@pytest.mark.parametrize("peer", ["", "unix:", "@", "garbage"])
def test_peer_without_an_address_is_nobody(peer: str) -> None:
    assert address(peer=peer) is None


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("198.51.100.1", "198.51.100.1", True),
        ("198.51.100.1", "198.51.100.2", False),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        (None, None, True),
        (None, "198.51.100.1", False),
    ],
)
def test_limit_is_shared_by_a_household_and_by_all_the_unknown(
    one: str | None, other: str | None, shared: bool
) -> None:
    assert (network(one) == network(other)) is shared


def test_events_and_consents_keep_the_address_that_is_believed(alice: Phone, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    alice.auth_login(headers={"x_forwarded_for": "6.6.6.6, 2001:DB8::1", "user_agent": "MicroMessenger/8.0"})
    for row in (Consent.objects.get(), LoginEvent.objects.get()):
        assert (row.address, row.user_agent) == ("2001:db8::1", "MicroMessenger/8.0")


@pytest.mark.parametrize("forwarded", ["garbage", "\x00", "'; DROP TABLE", "9" * 3000])
def test_address_that_is_none_does_not_stop_the_login(alice: Phone, settings: Any, forwarded: str) -> None:
    settings.TRUSTED_PROXIES = 1
    assert alice.auth_login(headers={"x_forwarded_for": forwarded})["code"] == 1
    assert Consent.objects.get().address is None


@pytest.mark.parametrize(("agent", "kept"), [("a" * 5000, "a" * 255), ("a\x00b\x1b[0m", "a b [0m"), ("", "")])
def test_user_agent_is_kept_short_and_printable(agent: str, kept: str) -> None:
    assert Origin.of(RequestFactory().get("/", headers={"User-Agent": agent})).user_agent == kept
