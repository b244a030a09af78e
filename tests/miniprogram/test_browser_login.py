"""The ways in, by clicking: who comes, what they see, what is sent."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.miniprogram import backstage
from tests.miniprogram.visitor import HOME, LOGIN, ORDERS, Visitor

PAID = f"{ORDERS}?status=paid"


def test_returning_user_is_logged_in_without_a_tap(visitor: Visitor) -> None:
    visitor.opens(LOGIN).picks(backstage.member(nickname="Alice"))
    visitor.sent.clear()

    visitor.opens()

    visitor.sees("hello", "你好，Alice")
    visitor.sees("cart-count", "3")
    visitor.is_at(HOME)
    assert visitor.sent.count("POST /login/silentLogin") == 1


def test_new_user_consents_completes_the_profile_and_is_where_the_deep_link_led(visitor: Visitor) -> None:
    visitor.opens(PAID)
    visitor.is_at(LOGIN)
    visitor.sees("log-in")
    before = len(visitor.sent)

    visitor.taps("log-in").taps("person-new")
    visitor.sees("agree-and-log-in")
    assert visitor.sent[before:] == [], "nothing is sent before the consent"
    visitor.taps("agree-and-log-in")
    visitor.sees("profile-form")
    assert visitor.session()["token"] == "", "nobody is logged in by a temporary token"
    visitor.completes("Alice")

    visitor.sees_orders()
    visitor.is_at(PAID)
    expect(visitor.part("orders")).not_to_contain_text("粗陶杯")
    logged_in = visitor.sent[before:]
    assert logged_in[:3] == ["POST /login/authLogin", "POST /upload/image", "POST /login/updateUser"]
    visitor.opens()
    visitor.sees("hello", "你好，Alice")
    expect(visitor.page.locator("#member:visible img")).to_have_attribute("src", visitor.avatar_address)


def test_who_declines_has_sent_nothing_and_can_look_around(visitor: Visitor) -> None:
    visitor.holds(backstage.stranger()).opens(LOGIN)
    visitor.sees("log-in")
    before = len(visitor.sent)

    visitor.taps("log-in").taps("decline").taps("later")

    visitor.is_at(HOME)
    visitor.sees("visitor")
    assert visitor.sent[before:] == []
    visitor.taps("read-privacy")
    visitor.sees("agreement-title", "隐私政策")


def test_who_cancels_the_profile_stays_logged_out(visitor: Visitor) -> None:
    visitor.holds(backstage.stranger()).opens(LOGIN).agrees().taps("cancel-profile")

    expect(visitor.part("profile-form")).to_have_count(0)
    visitor.opens()
    visitor.sees("visitor")
    assert visitor.session()["token"] == ""


def test_typed_address_of_a_protected_page_leads_to_the_login_and_back_to_it(visitor: Visitor) -> None:
    visitor.holds(backstage.stranger()).opens()
    visitor.sees("visitor")

    visitor.types_address(PAID)
    visitor.is_at(LOGIN)
    visitor.agrees().completes("Alice")

    visitor.sees_orders()
    visitor.is_at(PAID)


def test_reloading_stays_where_one_is(visitor: Visitor) -> None:
    visitor.holds(backstage.member()).opens(PAID)
    visitor.sees_orders()

    visitor.page.reload()

    visitor.sees_orders()
    visitor.is_at(PAID)


def test_login_page_reloaded_still_leads_to_where_one_was_going(visitor: Visitor) -> None:
    visitor.holds(backstage.stranger()).opens(PAID)
    visitor.is_at(LOGIN)

    visitor.page.reload()
    visitor.agrees().completes("Alice")

    visitor.sees_orders()
    visitor.is_at(PAID)


def test_back_from_the_login_leaves_it_and_does_not_ask_again(visitor: Visitor) -> None:
    visitor.holds(backstage.stranger()).opens()
    visitor.taps("open-orders")
    visitor.sees("log-in")

    visitor.page.go_back()

    visitor.is_at(HOME)
    visitor.sees("visitor")


def test_back_from_the_login_over_a_deep_link_shows_no_protected_page(visitor: Visitor) -> None:
    visitor.holds(backstage.stranger()).opens(ORDERS)
    visitor.sees("log-in")

    visitor.page.go_back()

    visitor.sees("visitor")
    visitor.is_at(HOME)
    expect(visitor.part("orders")).to_have_count(0)


def test_back_after_the_login_is_where_one_was_before_it(visitor: Visitor) -> None:
    visitor.holds(backstage.member()).opens()
    visitor.sees("hello")
    visitor.taps("open-orders")
    visitor.sees_orders()

    visitor.page.go_back()

    visitor.is_at(HOME)
    visitor.sees("hello", "你好，Alice")


def test_back_after_a_login_on_the_way_does_not_show_the_login_page_again(visitor: Visitor) -> None:
    visitor.holds(backstage.stranger()).opens()
    visitor.taps("open-orders").agrees().completes("Alice")
    visitor.sees_orders()

    visitor.page.go_back()

    visitor.is_at(HOME)
    visitor.sees("hello", "你好，Alice")


def test_logged_out_by_hand_stays_so_until_the_next_tap(visitor: Visitor) -> None:
    visitor.holds(backstage.member()).opens("#/pages/my/my")
    visitor.sees("name", "Alice")

    visitor.taps("logout")
    visitor.page.locator(".uni-modal__btn_primary").click()
    visitor.sees("visitor")

    visitor.opens(ORDERS)
    visitor.agrees()
    visitor.sees_orders()


def test_deleted_account_is_gone_and_its_owner_is_new(visitor: Visitor) -> None:
    visitor.holds(backstage.member()).opens("#/pages/my/my")
    visitor.taps("delete")
    expect(visitor.part("confirm-delete")).to_have_attribute("disabled", "true")
    visitor.page.locator("#confirm-word:visible input").fill("注销")
    visitor.taps("confirm-delete")
    visitor.sees("visitor")

    visitor.taps("open-login").agrees()

    visitor.sees("profile-form")


def test_forced_mobile_comes_after_the_profile_and_before_the_login(visitor: Visitor) -> None:
    backstage.switches(coerce_mobile=True)
    visitor.holds(backstage.stranger()).opens(PAID).agrees().completes("Alice")
    visitor.sees("bind-mobile")
    assert visitor.session()["token"] == ""

    visitor.page.locator("#number:visible input").fill("13912345678")
    visitor.taps("bind")

    visitor.sees_orders()
    visitor.is_at(PAID)
    visitor.opens("#/pages/my/my")
    visitor.sees("mobile", "139******78")


def test_member_without_a_number_is_asked_for_it_alone_once_it_is_forced(visitor: Visitor) -> None:
    visitor.holds(backstage.member()).opens().rests()
    visitor.sees("hello")
    backstage.switches(coerce_mobile=True)

    visitor.taps("open-orders")
    visitor.sees("bind-mobile")
    visitor.page.locator("#number:visible input").fill("13812345678")
    visitor.taps("bind")

    visitor.sees_orders()
    assert "POST /login/authLogin" not in visitor.sent


def test_without_silent_login_a_member_is_asked_to_tap(visitor: Visitor) -> None:
    visitor.holds(backstage.member())
    backstage.switches(mnp_auto_wechat_auth=False)
    backstage.calm()

    visitor.opens()
    visitor.sees("visitor")
    assert backstage.exchanges() == 0
    visitor.taps("open-login").agrees()

    visitor.sees("hello", "你好，Alice")
    assert "POST /login/silentLogin" not in visitor.sent


@pytest.mark.parametrize("silent", [True, False])
def test_without_authorised_login_a_stranger_sees_that_it_is_closed(visitor: Visitor, silent: bool) -> None:
    backstage.switches(mnp_wechat_auth=False, mnp_auto_wechat_auth=silent)

    visitor.holds(backstage.stranger()).opens()
    visitor.taps("open-orders")

    visitor.sees("closed", "登录暂未开放")
    expect(visitor.part("log-in")).to_have_count(0)
    visitor.taps("later")
    visitor.is_at(HOME)


@pytest.mark.parametrize("language", ["en-GB"])
def test_english_browser_gets_english_pages_and_answers(visitor: Visitor) -> None:
    visitor.holds(backstage.member()).opens(PAID)

    visitor.sees("orders", "Light roast coffee beans, 500 g")
    visitor.opens()
    visitor.sees("hello", "Alice")
    expect(visitor.page.locator("#app")).not_to_contain_text(re.compile("[\u4e00-\u9fff]"))


def test_on_a_desktop_everything_shows_too(visitor: Visitor) -> None:
    visitor.page.set_viewport_size({"width": 1280, "height": 900})

    visitor.holds(backstage.stranger()).opens(PAID).agrees().completes("Alice")
    visitor.sees_orders()
    visitor.opens("#/pages/agreement/agreement?type=service")
    visitor.sees("agreement-text")
    visitor.opens("#/pages/my/my")
    visitor.sees("name", "Alice")
    visitor.taps("logout")
    visitor.page.locator(".uni-modal__btn_primary").click()

    visitor.sees("visitor")
