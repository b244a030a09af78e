"""Every route of the API has a rule here; one without fails, so that a new view is closed until somebody decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from tests.conftest import Phone

PUBLIC = {
    "accounts:silent_login",
    "accounts:auth_login",
    "settings_app:config",
    "settings_app:agreement",
    "schema",
    "docs",
}
# What an account needs in order to do what it still owes, and to leave.
OWING = {"accounts:update_user", "accounts:bind_mobile", "accounts:upload_image", "accounts:logout"}
FULL = {"accounts:user_info", "accounts:delete"}
# An app's own business, standing in development only.
SHOP = {"demo_shop:orders", "demo_shop:cart"}
ARGUMENTS = {"settings_app:agreement": {"type": "service"}}
METHODS = ("get", "post")


def routes(patterns: Iterable[URLPattern | URLResolver], prefix: str = "", namespace: str = "") -> Iterator[str]:
    """The names of all routes under /api/; a route without a name is told by its pattern, and so has no rule."""
    for pattern in patterns:
        whole = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from routes(pattern.url_patterns, whole, namespace + inner)
        elif whole.startswith("api/"):
            yield namespace + (pattern.name or whole)


def without_rule(patterns: Iterable[URLPattern | URLResolver]) -> set[str]:
    return set(routes(patterns)) - PUBLIC - OWING - FULL


def answers(phone: Phone, name: str) -> set[tuple[int, str]]:
    """What the methods that the route knows answer with: code and error."""
    found = set()
    for method in METHODS:
        phone.client.cookies.clear()
        response = getattr(phone.client, method)(reverse(name, kwargs=ARGUMENTS.get(name)), headers=phone.sent({}))
        if response.status_code != 405:
            body = response.json()
            found.add((body["code"], body["data"].get("error", "")))
    return found


def test_every_route_has_a_rule_and_every_rule_a_route() -> None:
    assert without_rule(get_resolver().url_patterns) == set()
    assert set(routes(get_resolver().url_patterns)) == PUBLIC | OWING | FULL


def test_development_adds_the_demo_shop_and_no_other_route(development: None) -> None:
    assert set(routes(get_resolver().url_patterns)) == PUBLIC | OWING | FULL | SHOP


@pytest.mark.parametrize("name", sorted(SHOP))
def test_the_demo_shop_is_closed_to_who_owes_a_step(development: None, alice: Phone, name: str) -> None:
    assert answers(alice, name) == {(-1, "not_logged_in")}
    assert answers(alice.register(), name) == {(-1, "not_logged_in")}


@pytest.mark.parametrize("name", ["new_view", ""])
def test_a_new_view_that_anybody_may_use_is_noticed(name: str) -> None:
    class NewView(APIView):
        permission_classes = (AllowAny,)

    new = path("api/new", NewView.as_view(), name=name or None)

    assert without_rule([*get_resolver().url_patterns, new]) == {name or "api/new"}


@pytest.mark.parametrize("name", sorted(FULL))
def test_account_that_owes_its_profile_is_told_to_log_in(alice: Phone, name: str) -> None:
    assert answers(alice.register(), name) == {(-1, "not_logged_in")}


@pytest.mark.parametrize("name", sorted(FULL))
def test_account_that_owes_its_number_is_told_to_log_in(alice: Phone, name: str, set_switches: Any) -> None:
    alice.complete()
    set_switches(coerce_mobile=True)

    assert answers(alice, name) == {(-1, "not_logged_in")}


@pytest.mark.parametrize("name", sorted(OWING))
def test_account_that_owes_a_step_can_take_it_and_leave(alice: Phone, name: str) -> None:
    assert (-1, "not_logged_in") not in answers(alice.register(), name)


@pytest.mark.parametrize("name", sorted(OWING | FULL))
def test_anonymous_visitor_is_told_to_log_in(alice: Phone, name: str) -> None:
    assert answers(alice, name) == {(-1, "not_logged_in")}


@pytest.mark.parametrize("name", sorted(PUBLIC - {"schema", "docs"}))
def test_public_routes_answer_whatever_token_is_sent(alice: Phone, name: str) -> None:
    alice.token = "stale"

    assert all(code != -1 for code, _error in answers(alice, name))


@pytest.mark.parametrize("name", ["schema", "docs"])
def test_documentation_is_open(alice: Phone, name: str) -> None:
    assert alice.client.get(reverse(name)).status_code == 200
