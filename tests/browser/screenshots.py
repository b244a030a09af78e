"""Pictures of every page, in both languages and themes, wide and narrow: `make screenshots`, then look at them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.admin import site as admin_site
from playwright.sync_api import Browser, BrowserContext

from accounts.models import User
from tests.browser.conftest import PASSWORD
from tests.conftest import Phone

FOLDER = Path("screenshots")
LANGUAGES, THEMES, WIDTHS = ("zh-hans", "en"), ("light", "dark"), (1280, 390)


def pages(alice: Phone) -> Iterator[tuple[str, str]]:
    """Names and addresses: what is registered, then what is not."""
    for model in admin_site._registry:
        name = f"{model._meta.app_label}/{model._meta.model_name}"
        yield name.replace("/", "-"), f"/admin/{name}/"
    user = f"/admin/accounts/user/{alice.user.pk}"
    yield from {
        "dashboard": "/admin/",
        "health": "/admin/doctor/",
        "switches-history": "/admin/settings_app/loginsettings/1/history/",
        "user": f"{user}/change/",
        "user-disable": f"{user}/disable/",
        "user-anonymise": f"{user}/anonymise/",
        "export": "/admin/accounts/user/export/",
        "agreement": "/admin/settings_app/agreement/1/change/",
        "not-found": "/admin/nothing/here/",
    }.items()


def logged_in(chromium: Browser, site: str, language: str, theme: str, width: int) -> BrowserContext:
    context = chromium.new_context(
        base_url=site, color_scheme=theme, viewport={"width": width, "height": 900}, locale="zh-CN"
    )
    page = context.new_page()
    page.goto("/admin/login/")
    page.locator(f"button[value={language}], option[value={language}]").first.click()
    page.screenshot(path=FOLDER / f"login-{language}-{theme}-{width}.png", full_page=True)
    page.fill("#id_username", "root")
    page.fill("#id_password", PASSWORD)
    page.click("#login-form [type=submit]")
    page.wait_for_selector("#user-tools")
    return context


@pytest.mark.parametrize("view", list(itertools.product(LANGUAGES, THEMES, WIDTHS)))
def test_every_page_has_its_picture(
    chromium: Browser, site: str, alice: Phone, bob: Phone, view: tuple[str, str, int]
) -> None:
    language, theme, width = view
    FOLDER.mkdir(exist_ok=True)
    User.objects.create_superuser("root", PASSWORD)
    alice.complete()
    alice.bind_mobile("13800138000")
    bob.complete()
    context = logged_in(chromium, site, language, theme, width)
    page = context.new_page()
    for name, address in pages(alice):
        page.goto(address)
        page.screenshot(path=FOLDER / f"{name}-{language}-{theme}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} scrolls sideways"
    context.close()
