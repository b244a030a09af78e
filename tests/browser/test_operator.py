"""An operator flips each switch through the preview, and the next API request obeys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Phone

SWITCHES = "/admin/settings_app/loginsettings/1/change/"


def flip(page: Page, switch: str, *, consent: bool) -> None:
    """Move the switch, look at the preview, agree to what it shuts out, and save."""
    page.goto(SWITCHES)
    page.locator(f"#id_{switch}").click(force=True)
    page.get_by_role("button", name="Preview the change").click()
    expect(page.locator(".moves")).to_contain_text(switch)
    for box in page.locator(".lockout input[type=checkbox]").all():
        assert consent
        box.check()
    page.get_by_role("button", name="Save this change").click()
    expect(page.locator(".messagelist")).to_contain_text("Saved")


@pytest.mark.parametrize("switch", ["mnp_auto_wechat_auth", "mnp_wechat_auth", "coerce_mobile"])
def test_flipped_switch_holds_at_the_next_request(
    staff_page: Callable[[str], Page], alice: Phone, bob: Phone, switch: str
) -> None:
    alice.complete()
    page = staff_page("operator")
    before = alice.silent_login()["data"]["next_step"], bob.auth_login()["code"]

    flip(page, switch, consent=True)

    assert before == ("", 1)
    if switch == "mnp_auto_wechat_auth":
        assert alice.silent_login()["data"]["next_step"] == "authorize"
    elif switch == "mnp_wechat_auth":
        assert bob.auth_login()["data"]["error"] == "authorized_login_disabled"
    else:
        assert alice.get("user/info")["code"] == -1


def test_lockout_is_not_saved_without_the_second_consent(staff_page: Callable[[str], Page], bob: Phone) -> None:
    page = staff_page("operator")
    page.goto(SWITCHES)
    page.locator("#id_mnp_wechat_auth").click(force=True)
    page.get_by_role("button", name="Preview the change").click()

    page.get_by_role("button", name="Save this change").click()

    expect(page.locator(".messagelist")).to_have_count(0)
    assert bob.auth_login()["code"] == 1


def test_one_click_proposes_to_go_back(staff_page: Callable[[str], Page], alice: Phone) -> None:
    page = staff_page("operator")
    flip(page, "coerce_mobile", consent=True)
    page.goto("/admin/settings_app/loginsettings/1/history/")

    page.get_by_role("link", name="Go back to this state").click()

    expect(page.locator(".moves")).to_contain_text("coerce_mobile")
    page.get_by_role("button", name="Save this change").click()
    assert alice.complete().silent_login()["data"]["next_step"] == ""
