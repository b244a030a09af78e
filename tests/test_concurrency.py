"""Many people, or one person many times, at one moment: real threads, each with a database connection of its own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import pytest
from django.db import connections

from accounts import login, phone, profile
from accounts.limits import PHONE_CALLS_PER_PERSON_AND_HOUR
from accounts.models import Consent, User, WechatOpenid, WechatUnionid
from tests.conftest import WECHAT_AVATAR, Phone
from wechat.simulator.app import App
from wechat.simulator.threaded import Running

T = TypeVar("T")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

LOGIN, PHONE_NUMBER = "/sns/jscode2session", "/wxa/business/getuserphonenumber"
NUMBER = "13800138000"


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """What `work` returned for each number, in as many threads, which start together."""
    start = Barrier(count)

    def run(number: int) -> T:
        start.wait()
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def outcomes(bodies: list[dict[str, Any]]) -> Counter[object]:
    """How often each refusal came, and `1` for what was done."""
    return Counter(body["data"].get("error", body["code"]) for body in bodies)


@pytest.fixture
def slow_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads have time to overtake each other after they found nobody registered, or read the row they will change."""
    find_openid, locked_user = login.find_openid, phone.locked_user

    def find_slowly(*args: Any) -> WechatOpenid | None:
        found = find_openid(*args)
        if found is None:
            time.sleep(0.2)
        return found

    def lock_slowly(user: User) -> User:
        locked = locked_user(user)
        time.sleep(0.1)
        return locked

    monkeypatch.setattr(login, "find_openid", find_slowly)
    monkeypatch.setattr(phone, "locked_user", lock_slowly)
    monkeypatch.setattr(profile, "locked_user", lock_slowly)


def opens_update_user(token: str) -> bool:
    """-1 is what a dead token gets; whoever holds a good one is told what is missing."""
    phone = Phone("anybody")
    phone.token = token
    return bool(phone.update_user()["data"]["error"] == "invalid_input")


@pytest.mark.usefixtures("slow_steps")
def test_fifty_first_logins_of_one_person_make_one_account(wechat: Running) -> None:
    bodies = at_once(50, lambda number: Phone("alice").auth_login(agreed=True))

    assert [(body["code"], body["data"].get("next_step")) for body in bodies] == [(1, "complete_profile")] * 50
    assert all(opens_update_user(body["data"]["token"]) for body in bodies)
    assert (User.objects.count(), WechatOpenid.objects.count(), Consent.objects.count()) == (1, 1, 1)


@pytest.mark.usefixtures("slow_steps")
def test_first_logins_of_one_person_at_two_mini_programs_make_one_account(wechat: Running, settings: Any) -> None:
    for entry in settings.WECHAT_APPS.values():
        wechat.world.set_app(App(entry["APPID"], entry["SECRET"], open_account="company"))
    apps = ["default", "second"]

    bodies = at_once(50, lambda number: Phone("alice").auth_login(headers={"X_Wechat_App": apps[number % 2]}))

    assert [(body["code"], body["data"].get("next_step")) for body in bodies] == [(1, "complete_profile")] * 50
    assert all(opens_update_user(body["data"]["token"]) for body in bodies)
    assert (User.objects.count(), WechatOpenid.objects.count(), WechatUnionid.objects.count()) == (1, 2, 1)


def test_one_code_sent_fifty_times_logs_in_once(wechat: Running) -> None:
    code = Phone("alice").code()

    bodies = at_once(50, lambda number: Phone("alice").auth_login(code))

    assert outcomes(bodies) == {1: 1, "code_used": 49}
    assert User.objects.count() == 1


@pytest.mark.usefixtures("slow_steps")
def test_a_number_that_eight_accounts_bind_at_once_goes_to_one_of_them(wechat: Running) -> None:
    phones = [Phone(f"person{number}").register() for number in range(8)]

    bodies = at_once(8, lambda number: phones[number].bind_mobile(NUMBER))

    assert outcomes(bodies) == {1: 1, "mobile_taken": 7}
    assert User.objects.filter(mobile=f"+86{NUMBER}").count() == 1


def test_a_number_that_eight_people_register_with_at_once_goes_to_one_of_them(wechat: Running) -> None:
    bodies = at_once(8, lambda number: register_with_number(f"person{number}"))

    assert outcomes(bodies) == {1: 1, "mobile_taken": 7}
    assert User.objects.count() == 1


def register_with_number(person: str) -> dict[str, Any]:
    phone = Phone(person)
    return phone.auth_login(mobile_code=phone.phone_code(NUMBER))


def another(phone: Phone) -> Phone:
    """A second device of the same person, with the same token."""
    device = Phone(phone.person)
    device.token = phone.token
    return device


def test_simultaneous_profile_changes_leave_one_of_them_whole(alice: Phone) -> None:
    alice.complete()
    pairs = [(f"Alice {number}", f"{WECHAT_AVATAR}{number}") for number in range(10)]

    bodies = at_once(10, lambda n: another(alice).update_user(nickname=pairs[n][0], avatar=pairs[n][1]))

    assert outcomes(bodies) == {1: 10}
    assert (alice.user.nickname, alice.user.avatar) in pairs


@pytest.mark.usefixtures("slow_steps")
def test_simultaneous_changes_of_different_fields_all_last(alice: Phone) -> None:
    alice.complete()
    changes = [{"nickname": "Alicia"}, {"avatar": f"{WECHAT_AVATAR}9"}, {"mobile_code": alice.phone_code(NUMBER)}]

    bodies = at_once(3, lambda number: another(alice).update_user(**changes[number]))

    assert outcomes(bodies) == {1: 3}
    user = alice.user
    assert (user.nickname, user.avatar, user.mobile) == ("Alicia", f"{WECHAT_AVATAR}9", f"+86{NUMBER}")


@pytest.mark.parametrize("module", [profile, phone])
def test_an_account_disabled_while_wechat_was_asked_is_not_written_to(
    alice: Phone, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.complete()
    locked_user = phone.locked_user

    def disabled_meanwhile(user: User) -> User:
        User.objects.filter(pk=user.pk).update(is_active=False)
        return locked_user(user)

    monkeypatch.setattr(module, "locked_user", disabled_meanwhile)
    body = alice.update_user(nickname="Alicia") if module is profile else alice.bind_mobile(NUMBER)

    assert (body["code"], body["data"]) == (-1, {"error": "not_logged_in"})
    assert User.objects.filter(nickname="Alice", mobile=None).count() == 1


def test_a_burst_of_registrations_never_finds_the_database_locked(wechat: Running) -> None:
    def register_five(thread: int) -> list[dict[str, Any]]:
        return [Phone(f"person{thread}x{number}").auth_login() for number in range(5)]

    bodies = [body for five in at_once(20, register_five) for body in five]

    assert outcomes(bodies) == {1: 100}
    assert (User.objects.count(), WechatOpenid.objects.count()) == (100, 100)


def test_simultaneous_logins_of_one_address_stay_within_its_limit(wechat: Running, settings: Any) -> None:
    settings.LOGIN_PER_MINUTE = 10

    bodies = at_once(40, lambda number: Phone(f"person{number}").silent_login())

    assert outcomes(bodies) == {1: 10, "throttled": 30}
    assert wechat.calls(LOGIN) == 10


def test_simultaneous_phone_codes_of_one_person_stay_within_the_paid_budget(alice: Phone, wechat: Running) -> None:
    alice.complete()

    bodies = at_once(20, lambda number: another(alice).bind_mobile(f"138001380{number:02}"))

    assert outcomes(bodies)["throttled"] == 20 - PHONE_CALLS_PER_PERSON_AND_HOUR
    assert wechat.calls(PHONE_NUMBER) == PHONE_CALLS_PER_PERSON_AND_HOUR


def test_openids_that_differ_in_case_alone_are_two_people(wechat: Running) -> None:
    openids = ["oAbCdEfGhIjKlMnOpQrStUvWxYz1", "oabcdefghijklmnopqrstuvwxyz1"]
    for openid in openids:
        wechat.fault("body", path=LOGIN, calls=1, body={"openid": openid, "unionid": openid})
        assert Phone("anybody").auth_login()["code"] == 1

    assert User.objects.count() == 2
    for openid in openids:
        wechat.fault("body", path=LOGIN, calls=1, body={"openid": openid.swapcase()})
        assert Phone("anybody").silent_login()["data"]["next_step"] == "authorize"
