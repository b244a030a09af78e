"""Visitors of the browser build that the server of `stage` serves."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import conftest as browser
from tests.miniprogram import backstage
from tests.miniprogram.visitor import Visitor

chromium = browser.chromium
# A page of a busy machine; who sees what is expected waits no longer.
expect.set_options(timeout=15_000)


@pytest.fixture(autouse=True)
def ordinary_day() -> None:
    backstage.server(up=True)
    backstage.switches()
    backstage.calm()


@pytest.fixture
def language() -> str:
    return "zh-CN"


@pytest.fixture
def visitor(chromium: Browser, language: str) -> Iterator[Visitor]:
    """Fails on anything in the browser's console, and on a request to anybody else."""
    screen = {"width": 390, "height": 844}
    context = chromium.new_context(base_url=os.environ["SERVER"], locale=language, viewport=screen)
    visitor = Visitor(context.new_page())
    yield visitor
    context.close()
    assert visitor.complaints == []
    assert visitor.hosts == {os.environ["SERVER"].removeprefix("http://")}
