"""The start page: there in development, nowhere else, and clean under the site's Content-Security-Policy."""

from __future__ import annotations

import importlib
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import Resolver404, resolve

FOLDER = Path(project.BASE_DIR, "config", "static", "start")
SCRIPTS = sorted(FOLDER.glob("*.js"))
STYLES = sorted(FOLDER.glob("*.css"))
WORDS = {name: json.loads((FOLDER / f"{name}.json").read_text()) for name in ("zh", "en")}


class Page(HTMLParser):
    """Every element with its attributes, and what stands inside of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem and data.strip():
            self.inline.append(data)

    def values(self, *names: str) -> list[str]:
        return [attrs[name] or "" for _tag, attrs in self.elements for name in names if name in attrs]


@pytest.fixture
def page(development: None) -> Page:
    response = Client().get("/")
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
    return Page(response.content.decode())


def test_it_has_no_inline_script_or_style(page: Page) -> None:
    names = {name for _tag, attrs in page.elements for name in attrs}

    assert page.inline == []
    assert [name for name in names if name == "style" or name.startswith("on")] == []
    assert "style" not in {tag for tag, _attrs in page.elements}


def test_it_loads_its_own_files_and_nothing_from_another_host(page: Page) -> None:
    addresses = page.values("src", "href")

    assert [address for address in addresses if not re.match(r"/(?!/)|#", address)] == []
    files = [address.removeprefix("/static/") for address in addresses if address.startswith("/static/")]
    assert {"start/start.js", "start/theme.js", "start/page.css", "start/phone.css", "start/log.css"} <= set(files)
    assert [file for file in files if not finders.find(file)] == []


def test_it_links_to_the_admin_the_switches_and_the_docs(page: Page) -> None:
    links = {attrs["href"] for tag, attrs in page.elements if tag == "a"}

    assert links - {"/app/"} == {"#log", "/admin/", "/admin/settings_app/loginsettings/", "/api/docs"}


@pytest.mark.parametrize("simulator", [True, False])
def test_it_says_when_wechat_is_the_real_one(development: None, settings: Any, simulator: bool) -> None:
    settings.WECHAT_SIMULATOR = simulator

    assert ('data-t="no_simulator"' in Client().get("/").content.decode()) is not simulator


@pytest.mark.parametrize("file", [*SCRIPTS, *STYLES], ids=lambda file: file.name)
def test_no_file_reaches_for_another_host_or_around_the_policy(file: Path) -> None:
    text = file.read_text().replace("http://www.w3.org/2000/svg", "")

    assert (
        re.findall(r"https?://|//\w+\.|@import|url\(|innerHTML|outerHTML|insertAdjacent|\beval\b|createObjectURL", text)
        == []
    )
    assert re.findall(r"""\.style\b|["']style["']|new Function""", text) == []


def test_it_is_no_page_in_production() -> None:
    with pytest.raises(Resolver404):
        resolve("/", "config.urls")
    assert Client().get("/").status_code == 404
    sys.modules.pop("config.start", None)
    with pytest.raises(ImproperlyConfigured, match="development"):
        importlib.import_module("config.start")


def test_it_vanishes_when_debug_goes_off_after_the_import(development: None, settings: Any) -> None:
    settings.DEBUG = False

    assert Client().get("/").status_code == 404


def placeholders(words: dict[str, str]) -> dict[str, set[str]]:
    return {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in words.items()}


def test_both_languages_say_everything() -> None:
    assert placeholders(WORDS["zh"]) == placeholders(WORDS["en"])
    assert [key for words in WORDS.values() for key, text in words.items() if not text.strip()] == []


def keys_used(page: Page) -> set[str]:
    """Those that stand whole in the page and the scripts, and those put together from names that stand there."""
    text = {file.stem: file.read_text() for file in SCRIPTS}
    everything = "\n".join(text.values())
    used = set(page.values("data-t", "data-t-label")) | set(re.findall(r'\bt\("(\w+)"', everything))
    screens = re.search(r"const SCREENS = \{ ([\w, :]+) \}", text["phone"])
    assert screens
    used |= {f"screen_{name}" for name in screens[1].split(", ")}
    used |= {
        f"call_{name}" for name in re.findall(r"^  (\w+): \{ method", text["api"], re.MULTILINE) if name != "upload"
    }
    used |= {f"does_{name}" for name in re.findall(r'return \["(\w+)"', text["client"])}
    return used


def test_every_word_that_is_shown_is_in_the_catalogue(page: Page) -> None:
    used = keys_used(page)

    assert {"heading", "screen_mobile", "call_silentLogin", "does_dead_again"} <= used
    assert sorted(used - set(WORDS["en"])) == []
