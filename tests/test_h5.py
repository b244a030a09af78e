"""The mini-program's browser build: served in development when it is there, and nowhere else."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import Resolver404, resolve

PAGE = "<!DOCTYPE html><div id=app></div>"


@pytest.fixture
def folder(development: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the build goes; nobody has built anything yet."""
    monkeypatch.setattr("config.h5.FOLDER", tmp_path / "h5")
    (tmp_path / "secret.txt").write_text("not part of the build")
    return tmp_path / "h5"


@pytest.fixture
def built(folder: Path) -> Path:
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    for name in ("index-C0ffee.js", "index.eda98007.css", "tab.png"):
        (folder / "assets" / name).write_text("content")
    return folder


def get(path: str, **headers: str) -> Any:
    """The answer, read to its end."""
    response = Client().get(path, headers=headers)
    response.body = response.getvalue().decode()
    return response


@pytest.mark.parametrize("path", ["", "index.html", "pages/order/list", "pages/order/list?sn=1.5", "assets/"])
def test_a_typed_address_is_the_one_page(built: Path, path: str) -> None:
    response = get(f"/app/{path}")

    assert (response.status_code, response.body) == (200, PAGE)
    assert response.headers["Content-Type"] == "text/html"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("index-C0ffee.js", "text/javascript"), ("index.eda98007.css", "text/css"), ("tab.png", "image/png")],
)
def test_files_have_their_types(built: Path, name: str, kind: str) -> None:
    response = get(f"/app/assets/{name}")

    assert (response.headers["Content-Type"], response.body) == (kind, "content")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["assets/gone.js", "../secret.txt", "%2e%2e/secret.txt", "..%5csecret.txt"])
def test_what_is_not_in_the_build_is_not_found(built: Path, path: str) -> None:
    assert get(f"/app/{path}").status_code in (400, 404)


def test_the_address_without_its_slash_leads_there(built: Path) -> None:
    assert get("/app").headers["Location"] == "/app/"


def test_a_browser_asks_again_so_that_a_new_build_shows(built: Path) -> None:
    first = get("/app/")

    assert first.headers["Cache-Control"] == "no-cache"
    assert get("/app/", if_modified_since=first.headers["Last-Modified"]).status_code == 304


def test_its_policy_names_no_other_host(built: Path) -> None:
    policy = get("/app/").headers["Content-Security-Policy"]

    sources = {source for rule in policy.split("; ") for source in rule.split()[1:]}
    assert sources == {"'self'", "'none'", "'unsafe-inline'", "data:", "blob:"}
    assert "script-src" not in policy, "scripts fall back to 'self', without anything inline"


@pytest.mark.parametrize(("language", "sentence"), [("en", "not built yet"), ("zh-hans", "还没有构建")])
def test_without_a_build_a_page_says_how_to_make_one(folder: Path, language: str, sentence: str) -> None:
    response = get("/app/pages/order/list", accept_language=language)

    assert response.status_code == 404
    assert sentence in response.body
    assert "<code>make miniprogram</code>" in response.body


def test_the_start_page_links_to_it_when_it_is_there(folder: Path, request: pytest.FixtureRequest) -> None:
    assert 'href="/app/"' not in get("/").body

    request.getfixturevalue("built")

    assert 'href="/app/"' in get("/").body


def test_it_is_not_served_in_production() -> None:
    with pytest.raises(Resolver404):
        resolve("/app/", "config.urls")
    assert get("/app/").status_code == 404
    sys.modules.pop("config.h5", None)
    with pytest.raises(ImproperlyConfigured, match="in development only"):
        importlib.import_module("config.h5")


def test_it_vanishes_when_debug_goes_off_after_the_import(built: Path, settings: Any) -> None:
    settings.DEBUG = False

    assert get("/app/").status_code == 404
