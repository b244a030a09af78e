"""The house's look: complete in both themes, usable without JavaScript, nothing from elsewhere, both languages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from django.utils.formats import localize

LOGIN, INDEX = "/admin/login/", "/admin/"
ERRORS = ["400", "403", "403_csrf", "404", "500"]
VARIABLE = re.compile(r"(--[\w-]+):\s*([^;]+);")
COLORS = ["config/colors.css", "config/admin.css", "config/error.css", "settings_app/switches.css"]


@pytest.fixture
def root(db: None) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(get_user_model().objects.create_superuser("root", "a-password-of-root"))
    return client


def css(name: str) -> str:
    path = finders.find(name)
    assert isinstance(path, str), name
    return Path(path).read_text(encoding="utf-8")


def block(text: str, selector: str) -> dict[str, str]:
    """The variables that one rule sets."""
    start = text.index(selector) + len(selector)
    return dict(VARIABLE.findall(text[start : text.index("}", start)]))


def stock_colours() -> set[str]:
    """Every variable of the stock admin that holds a colour of its own."""
    return {name for name, value in VARIABLE.findall(css("admin/css/base.css")) if not name.startswith("--font")}


def test_every_colour_of_the_admin_is_set_for_light():
    assert stock_colours() - set(block(css("config/colors.css"), ":root {")) == set()


def test_dark_is_the_same_by_button_and_by_system():
    colors = css("config/colors.css")
    by_button = block(colors, 'html[data-theme="dark"] {')
    by_system = block(colors[colors.index("@media (prefers-color-scheme: dark)") :], ":root {")

    assert by_button == by_system
    assert stock_colours() - set(by_button) == set()
    assert set(block(colors, ":root {")) - set(by_button) == {"--font-family-primary"}


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("selector", [":root {", 'html[data-theme="dark"] {'])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *[
            (text, ground)
            for text in ("--body-fg", "--body-quiet-color", "--link-fg", "--error-fg", "--good-fg", "--warning-fg")
            for ground in ("--body-bg", "--page-bg", "--darkened-bg")
        ],
        ("--body-fg", "--message-success-bg"),
        ("--body-fg", "--message-warning-bg"),
        ("--body-fg", "--message-error-bg"),
        ("--body-quiet-color", "--message-warning-bg"),
        ("--error-fg", "--message-error-bg"),
        ("--button-fg", "--button-bg"),
        ("--button-fg", "--button-hover-bg"),
        ("--button-fg", "--delete-button-bg"),
        ("--header-link-color", "--header-bg"),
        ("--object-tools-fg", "--object-tools-bg"),
    ],
)
def test_text_can_be_read_on_its_ground(selector, text, ground):
    colours = block(css("config/colors.css"), selector)
    light, dark = sorted([luminance(colours[text]), luminance(colours[ground])], reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize("name", COLORS)
def test_style_sheets_load_nothing(name):
    assert re.findall(r"url\(|@import|https?:", css(name)) == []


@pytest.mark.parametrize("url", [LOGIN, INDEX, "/admin/password_change/", "/admin/settings_app/agreement/"])
def test_a_page_has_nothing_inline_and_nothing_from_elsewhere(root, url):
    client = Client() if url == LOGIN else root
    html = client.get(url).content.decode()

    assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)", html) == []
    loaded = re.findall(r'<(?:link|script|img)[^>]+(?:href|src)="([^"]+)"', html)
    assert loaded
    assert [address for address in loaded if not address.startswith("/static/")] == []
    assert [address for address in loaded if not finders.find(address.removeprefix("/static/"))] == []


@pytest.mark.parametrize("url", [LOGIN, INDEX])
def test_the_house_style_comes_last_and_the_stock_one_stays(root, url):
    client = Client() if url == LOGIN else root
    sheets = re.findall(r'rel="stylesheet" href="/static/([^"]+)"', client.get(url).content.decode())

    assert sheets[0] == "admin/css/base.css"
    assert sheets[-2:] == ["config/colors.css", "config/admin.css"]


def language_form(html: str) -> dict[str, Any]:
    """The one form that switches the language: where it goes, what it says, which button is the present one."""
    (form,) = re.findall(r'<form class="language-switch"[^>]*action="([^"]+)">(.*?)</form>', html, re.DOTALL)
    action, inside = form
    buttons = re.findall(
        r'<button type="submit" name="language" value="([\w-]+)"[^>]*?( aria-current="true")?>', inside
    )
    (back,) = re.findall(r'name="next" value="([^"]*)"', inside)
    return {"action": action, "next": unescape(back), "languages": {code: bool(now) for code, now in buttons}}


@pytest.mark.django_db
def test_the_language_is_switched_without_javascript_before_and_after_login(root):
    here = f"{LOGIN}?next=/admin/settings_app/"
    visitor = Client(headers={"accept-language": "en"})
    form = language_form(visitor.get(here).content.decode())
    assert form == {"action": "/i18n/setlang/", "next": here, "languages": {"zh-hans": False, "en": True}}

    pages = [(visitor, here, "用户名"), (root, INDEX, "概览"), (root, "/admin/password_change/", "旧密码")]
    for client, page, chinese in pages:
        client.cookies.pop("django_language", None)
        before = client.get(page).content.decode()
        sent = {"language": "zh-hans", "next": language_form(before)["next"]}
        response = client.post(form["action"], sent)
        after = client.get(page).content.decode()
        assert (response.status_code, response.headers["Location"]) == (302, page)
        assert (chinese in before, chinese in after) == (False, True)
        assert language_form(after)["languages"] == {"zh-hans": True, "en": False}


@pytest.mark.django_db
def test_a_foreign_address_is_no_way_back_from_the_language_switch():
    sent = {"language": "en", "next": "https://evil.example/"}

    assert Client().post("/i18n/setlang/", sent).headers["Location"] == "/"


def test_the_header_names_the_product_and_who_is_logged_in(root):
    html = root.get(INDEX).content.decode()

    assert re.search(r'<div id="site-name"><a href="/admin/"><img [^>]+> Mini-program login</a></div>', html)
    assert '<strong class="user-name">root</strong>' in html
    assert html.count('class="theme-toggle"') == 1
    assert str(admin.site.site_title) in html


@pytest.mark.django_db
def test_the_login_page_has_one_theme_button():
    assert Client().get(LOGIN).content.decode().count('class="theme-toggle"') == 1


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_error_page_needs_no_context_and_speaks_the_language(name, language):
    with translation.override(language):
        html = render_to_string(f"{name}.html")

    assert f'<html lang="{language}">' in html
    assert re.findall(r"<style|\sstyle=|<script", html) == []
    heading = re.findall(r"<h1>(.+)</h1>", html)[0]
    assert bool(re.search("[\u4e00-\u9fff]", heading)) is (language == "zh-hans")
    assert f"<title>{heading}</title>" in html


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [("/nothing-here", 404, "There is no such page"), ("/admin/settings_app/loginsettings/1/history/", 403, "")],
)
def test_an_error_outside_the_api_is_a_page_of_the_house(path, status, heading):
    client = Client(headers={"accept-language": "en"})
    client.force_login(get_user_model().objects.create_user("nobody", is_staff=True))
    response = client.get(path)

    assert response.status_code == status
    assert (heading or "You may not open this page") in response.content.decode()


@pytest.mark.django_db
def test_an_expired_form_is_answered_by_a_page_of_the_house():
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    response = client.post(LOGIN, {"username": "root"})

    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_moments_are_written_the_same_way_in_both_languages(language: str) -> None:
    with translation.override(language):
        assert localize(datetime(2026, 3, 1, 9, 5, tzinfo=UTC)) == "2026-03-01 09:05"
        assert localize(date(2026, 3, 1)) == "2026-03-01"
