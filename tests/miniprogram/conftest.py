"""Visitors of the browser build that the server of `stage` serves."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import chromium as chromium
from tests.miniprogram import backstage
from tests.miniprogram.visitor import Visitor


@pytest.fixture(autouse=True)
def ordinary_day() -> None:
    backstage.server(up=True)
    backstage.switches()
    backstage.calm()


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Visitor]:
    """Fails on anything in the browser's console, and on a request to anybody else."""
    context = chromium.new_context(
        base_url=os.environ["SERVER"], locale="zh-CN", viewport={"width": 390, "height": 844}, has_touch=True
    )
    visitor = Visitor(context.new_page())
    yield visitor
    context.close()
    assert visitor.complaints == []
    assert visitor.hosts == {os.environ["SERVER"].removeprefix("http://")}
