"""Staff look a member up while the member is on the phone, and step in."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from accounts.export import COLUMNS
from tests.conftest import Phone


def find(page: Page, mobile: str) -> None:
    page.goto("/admin/accounts/user/")
    page.fill("#searchbar", mobile)
    page.press("#searchbar", "Enter")
    page.wait_for_url("**/change/")


def test_support_finds_by_full_mobile_reads_the_timeline_and_disables(
    staff_page: Callable[[str], Page], alice: Phone, bob: Phone
) -> None:
    alice.complete()
    alice.bind_mobile("13800138000")
    bob.complete()
    page = staff_page("support")

    find(page, "138 0013 8000")

    expect(page.locator("#content")).to_contain_text("138****8000")
    expect(page.locator("#content")).not_to_contain_text("13800138000")
    expect(page.get_by_role("heading", name="Timeline").locator("..")).to_contain_text("Bound a mobile number")
    assert alice.get("user/info")["code"] == 1
    page.get_by_role("link", name="Disable").click()
    page.get_by_label("Reason").fill("asked for it on the phone")
    page.get_by_role("button", name="Disable").click()

    expect(page.locator(".messagelist")).to_contain_text("disabled")
    assert alice.get("user/info")["code"] == -1
    assert alice.silent_login()["data"]["error"] == "account_disabled"
    assert bob.get("user/info")["code"] == 1


def test_export_opens_in_a_csv_parser_with_the_promised_columns(
    staff_page: Callable[[str], Page], alice: Phone, bob: Phone, tmp_path: Path
) -> None:
    alice.complete()
    alice.bind_mobile("13800138000")
    bob.complete(nickname="=HYPERLINK")
    page = staff_page("privacy officer")
    page.goto("/admin/accounts/user/")
    page.get_by_role("link", name="Export").click()
    page.get_by_label("Reason").fill("yearly report")

    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()

    saved = tmp_path / "users.csv"
    download.value.save_as(saved)
    with saved.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == COLUMNS
    by_nickname = {line[1]: dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]}
    assert by_nickname["Alice"]["mobile"] == "138****8000"
    assert "'=HYPERLINK" in by_nickname
