"""What happens, by clicking, when a token ends, staff intervene, or a network fails."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.miniprogram import backstage
from tests.miniprogram.visitor import HOME, LOGIN, ORDERS, Visitor


def test_expired_token_costs_one_code_and_nothing_is_seen_of_it(visitor: Visitor) -> None:
    person = backstage.member()
    visitor.holds(person).opens().rests()
    visitor.sees("cart-count", "3")
    visitor.is_given(backstage.happens(person, "expired_token")["token"])
    backstage.calm()

    visitor.opens()

    visitor.sees("hello", "你好，Alice")
    visitor.sees("cart-count", "3")
    visitor.is_at(HOME)
    assert backstage.exchanges() == 1


def test_upload_with_a_dead_token_is_sent_once_more_and_arrives(visitor: Visitor) -> None:
    person = backstage.member()
    visitor.holds(person).opens("#/pages/my/my").rests().taps("edit")
    visitor.chooses_picture()
    backstage.happens(person, "end_tokens")
    backstage.calm()
    visitor.sent.clear()

    visitor.taps("save-profile")

    expect(visitor.part("profile-form")).to_have_count(0)
    expect(visitor.page.locator("#profile:visible img")).to_have_attribute("src", visitor.avatar_address)
    assert visitor.sent.count("POST /upload/image") == 2
    assert backstage.exchanges() == 1


def test_account_disabled_meanwhile_is_logged_out_and_told_why(visitor: Visitor) -> None:
    person = backstage.member()
    visitor.holds(person).opens().rests()
    visitor.sees("hello")
    backstage.happens(person, "disable")
    backstage.calm()

    visitor.taps("open-orders")

    visitor.is_at(LOGIN)
    visitor.sees("problem", "停用")
    assert visitor.session()["token"] == ""
    assert backstage.exchanges() == 1
    visitor.taps("later")
    visitor.sees("visitor")
    visitor.is_at(HOME)


def test_server_that_is_away_logs_nobody_out_and_the_next_try_works(visitor: Visitor) -> None:
    visitor.holds(backstage.member()).opens()
    visitor.sees("hello")
    token = visitor.session()["token"]
    # The page itself comes from the same server, once.
    visitor.taps("open-orders").sees_orders()
    visitor.page.go_back()
    visitor.sees("hello")
    backstage.server(up=False)

    visitor.taps("open-orders")
    visitor.sees("orders-problem", "网络不通")
    visitor.taps("retry")
    visitor.sees("orders-problem", "网络不通")

    backstage.server(up=True)
    visitor.taps("retry")
    visitor.sees_orders()
    assert visitor.session()["token"] == token
    visitor.forgives("ERR_CONNECTION_REFUSED")


def test_login_page_without_a_server_offers_to_try_again(visitor: Visitor) -> None:
    visitor.holds(backstage.stranger()).opens()
    visitor.taps("open-login").taps("later")
    backstage.server(up=False)
    visitor.taps("open-login")
    visitor.sees("offline", "无法连接服务器")

    backstage.server(up=True)
    visitor.taps("retry").agrees()

    visitor.sees("profile-form")
    visitor.forgives("ERR_CONNECTION_REFUSED")


def test_wechat_that_limits_calls_is_told_to_who_taps_and_the_next_tap_works(visitor: Visitor) -> None:
    visitor.holds(backstage.stranger()).opens(LOGIN)
    backstage.wechat_says(45011)

    visitor.agrees()
    visitor.sees("problem")
    visitor.is_at(LOGIN)
    backstage.calm()
    visitor.taps("log-in")

    visitor.sees("profile-form")


def test_wechat_that_limits_calls_does_not_send_a_member_in_circles(visitor: Visitor) -> None:
    person = backstage.member()
    visitor.holds(person).opens().rests()
    visitor.sees("hello")
    backstage.happens(person, "end_tokens")
    backstage.calm()
    backstage.wechat_says(45011)
    visitor.sent.clear()

    visitor.taps("open-orders")

    visitor.sees("orders-problem")
    visitor.is_at(ORDERS)
    assert visitor.sent.count("POST /login/silentLogin") == 1
    backstage.calm()
    visitor.opens(ORDERS).sees_orders()
