"""A Chromium, a server to look at with it, and the staff who do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from accounts.models import User
from accounts.roles import create_roles
from wechat.simulator.threaded import Running

# Playwright keeps an event loop in the tests' thread, in which Django would refuse to touch the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PASSWORD = "right-horse-battery"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def site(transactional_db: None, live_server: Any, wechat: Running, settings: Any) -> str:
    """The address of a server of ours; it is reached without TLS."""
    from django.apps import apps

    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "sessionid", "csrftoken"
    create_roles(apps)
    return str(live_server.url)


@pytest.fixture
def staff_page(chromium: Browser, site: str) -> Iterator[Callable[[str], Page]]:
    """The admin as somebody of a role sees it, in English; fails on anything in the browser's console."""
    complaints: list[str] = []
    contexts = []

    def open_as(role: str) -> Page:
        user = User.objects.create_user(role.replace(" ", "-"), PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        context = chromium.new_context(base_url=site, locale="en", viewport={"width": 1280, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto("/admin/")
        page.get_by_role("button", name="English").click()
        page.fill("#id_username", user.username or "")
        page.fill("#id_password", PASSWORD)
        page.click("#login-form [type=submit]")
        page.wait_for_selector("#user-tools")
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert complaints == []


def answer_of(client: Client, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    response = client.post(f"/api/{path}", body, content_type="application/json", headers=headers)
    answered: dict[str, Any] = response.json()
    return answered
