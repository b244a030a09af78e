"""The demo shop: behind the login as an app's own business is, in development and nowhere else."""

from __future__ import annotations

import importlib
import sys
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import Resolver404, resolve

from tests.conftest import Phone

PATHS = ["demo/orders", "demo/cart"]
ENGLISH = ["Light roast coffee beans, 500 g", "Stoneware cup, two pieces", "Paper filters, 100 sheets"]
CHINESE = ["浅烘焙咖啡豆 500 克", "粗陶杯（两只装）", "咖啡滤纸 100 张"]


def test_member_sees_the_orders_and_the_cart(development: None, alice: Phone) -> None:
    alice.complete()

    assert alice.get("demo/cart")["data"] == {"count": 3}
    first, *others = alice.get("demo/orders")["data"]["orders"]
    assert first == {
        "sn": "D2026112600031",
        "title": "浅烘焙咖啡豆 500 克",
        "amount": "128.00",
        "created_at": "2026-11-26T09:14:00+08:00",
        "status": "paid",
    }
    assert [order["status"] for order in others] == ["shipped", "done"]
    assert all(datetime.fromisoformat(order["created_at"]).tzinfo for order in others)


@pytest.mark.parametrize(("language", "titles"), [("en", ENGLISH), ("zh-hans", CHINESE)])
def test_titles_follow_the_language(development: None, alice: Phone, language: str, titles: list[str]) -> None:
    body = alice.complete().get("demo/orders/", accept_language=language)

    assert [order["title"] for order in body["data"]["orders"]] == titles


@pytest.mark.parametrize("path", PATHS)
def test_who_owes_a_step_is_told_to_log_in(development: None, alice: Phone, path: str, set_switches: Any) -> None:
    assert alice.get(path)["code"] == -1
    assert alice.register().get(path)["code"] == -1
    assert alice.complete().get(path)["code"] == 1
    set_switches(coerce_mobile=True)
    assert alice.get(path)["code"] == -1


@pytest.mark.parametrize("path", PATHS)
def test_there_is_no_shop_in_production(alice: Phone, path: str) -> None:
    with pytest.raises(Resolver404):
        resolve(f"/api/{path}", "config.urls")
    assert alice.complete().get(path)["data"]["error"] == "not_found"
    assert alice.status == 404
    sys.modules.pop("config.demo_shop", None)
    with pytest.raises(ImproperlyConfigured, match="for development"):
        importlib.import_module("config.demo_shop")


@pytest.mark.parametrize("path", PATHS)
def test_the_shop_vanishes_when_debug_goes_off_after_the_import(
    development: None, alice: Phone, path: str, settings: Any
) -> None:
    settings.DEBUG = False

    assert alice.complete().get(path)["data"]["error"] == "not_found"


def test_the_published_schema_does_not_know_the_shop(development: None, db: None) -> None:
    schema = Client().get("/api/schema").content.decode()

    assert "/api/user/info" in schema
    assert "demo" not in schema
