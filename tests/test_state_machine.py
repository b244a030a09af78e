"""Logins, profile changes, operators and switches in any order: Hypothesis looks for an order that breaks a rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import booleans, sampled_from

from accounts.models import LoginEvent, User, WechatOpenid, WechatUnionid
from settings_app.models import SWITCHES, LoginSettings
from tests.conftest import WECHAT_AVATAR, Phone
from wechat.simulator.app import App
from wechat.simulator.threaded import Running

APPS = ("default", "second")
NUMBERS = ("13800138000", "13900139000")
NOT_LOGGED_IN = (-1, "not_logged_in")
Answer = tuple[int, str]


@dataclass
class Person:
    """What we believe about somebody; `apps` is where the account has an openid, none is no account."""

    name: str
    apps: set[str] = field(default_factory=set)
    nickname: bool = False
    avatar: bool = False
    mobile: str = ""
    disabled: bool = False
    tokens: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return self.nickname and self.avatar


class Logins(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        User.objects.all().delete()
        LoginEvent.objects.all().delete()
        self.switches = {"mnp_auto_wechat_auth": True, "mnp_wechat_auth": True, "coerce_mobile": False}
        LoginSettings.objects.update_or_create(pk=1, defaults=self.switches)
        self.people = {name: Person(name) for name in ("alice", "bob", "charlie")}
        self.dead: list[str] = []

    def call(self, person: Person, work: Callable[[Phone], dict[str, Any]], token: str = "") -> Answer:
        """What came back, as the code and the next step or error; a token given is kept."""
        cache.clear()
        phone = Phone(person.name)
        phone.token = token
        body = work(phone)
        if body["data"].get("token"):
            person.tokens.append(body["data"]["token"])
        return body["code"], body["data"].get("error", body["data"].get("next_step", ""))

    def step_owed(self, person: Person) -> str:
        if not person.complete:
            return "complete_profile"
        return "bind_mobile" if self.switches["coerce_mobile"] and not person.mobile else ""

    def logged_in(self, person: Person) -> Answer:
        return (0, "account_disabled") if person.disabled else (1, self.step_owed(person))

    def visitor(self) -> Answer:
        return 1, "authorize" if self.switches["mnp_auto_wechat_auth"] or self.switches["mnp_wechat_auth"] else "closed"

    def kill_tokens(self, person: Person) -> None:
        self.dead += person.tokens
        person.tokens = []

    names = sampled_from(["alice", "bob", "charlie"])
    apps = sampled_from(APPS)

    @initialize()
    def some_are_here_already(self) -> None:
        """An account takes three steps to complete; a search that starts without any spends itself on them."""
        for name in ("alice", "bob"):
            self.auth_login(name, "default")
            self.update_user(name, nickname=True, avatar=True)

    @rule(name=names, app=apps)
    def silent_login(self, name: str, app: str) -> None:
        person, rows, calls = self.people[name], self.rows(), self.wechat.calls()
        answer = self.call(person, lambda phone: phone.silent_login(X_Wechat_App=app))

        known = self.switches["mnp_auto_wechat_auth"] and app in person.apps
        assert answer == (self.logged_in(person) if known else self.visitor())
        assert self.rows() == rows
        assert self.wechat.calls() - calls == self.switches["mnp_auto_wechat_auth"]

    @rule(name=names, app=apps)
    def auth_login(self, name: str, app: str) -> None:
        person = self.people[name]
        answer = self.call(person, lambda phone: phone.auth_login(headers={"X_Wechat_App": app}))

        if not self.switches["mnp_wechat_auth"]:
            assert answer == (0, "authorized_login_disabled")
            return
        if not person.disabled:
            person.apps.add(app)
        assert answer == self.logged_in(person)

    @rule(name=names, nickname=booleans(), avatar=booleans())
    def update_user(self, name: str, nickname: bool, avatar: bool) -> None:
        person = self.people[name]
        given = {"nickname": name.title()} if nickname else {}
        given |= {"avatar": WECHAT_AVATAR} if avatar else {}
        answer = self.call(person, lambda phone: phone.update_user(**given), self.token_of(person))

        if not self.usable(person):
            assert answer == NOT_LOGGED_IN
        elif not given:
            assert answer == (0, "invalid_input")
        else:
            person.nickname, person.avatar = person.nickname or nickname, person.avatar or avatar
            assert answer == (1, self.step_owed(person))

    @rule(name=names, number=sampled_from(NUMBERS))
    def bind_mobile(self, name: str, number: str) -> None:
        person = self.people[name]
        app = min(person.apps, default="default")
        body = {"code": Phone(name).phone_code(number)}
        token = self.token_of(person)
        answer = self.call(person, lambda phone: phone.post("user/bindMobile", body, X_Wechat_App=app), token)

        if not self.usable(person):
            assert answer == NOT_LOGGED_IN
        elif any(other.mobile == number for other in self.people.values() if other is not person):
            assert answer == (0, "mobile_taken")
        else:
            person.mobile = number
            assert answer == (1, self.step_owed(person))

    @rule(name=names)
    def logout(self, name: str) -> None:
        person = self.people[name]
        answer = self.call(person, lambda phone: phone.post("login/logout"), self.token_of(person))

        if not self.usable(person):
            assert answer == NOT_LOGGED_IN
            return
        assert answer == (1, "")
        self.kill_tokens(person)

    @rule(name=names)
    def delete(self, name: str) -> None:
        person = self.people[name]
        token = self.token_of(person)
        answer = self.call(person, lambda phone: phone.post("user/delete", {"confirm": True}), token)

        if not self.usable(person) or self.step_owed(person):
            assert answer == NOT_LOGGED_IN
            return
        assert answer == (1, "")
        self.kill_tokens(person)
        self.people[name] = Person(name)

    @rule(name=names)
    def disable_or_enable(self, name: str) -> None:
        person = self.people[name]
        if person.apps:
            openids = WechatOpenid.objects.filter(openid__in=self.openids(person)).values("user")
            assert User.objects.filter(pk__in=openids).update(is_active=person.disabled) == 1
            person.disabled = not person.disabled

    @rule(switch=sampled_from(SWITCHES))
    def turn(self, switch: str) -> None:
        self.switches[switch] = not self.switches[switch]
        LoginSettings.objects.filter(pk=1).update(**{switch: self.switches[switch]})

    @invariant()
    def one_account_for_each_person_and_number(self) -> None:
        known = [person for person in self.people.values() if person.apps]
        users = User.objects.filter(deleted_at=None)
        mobiles = users.exclude(mobile=None).values_list("mobile", flat=True)
        assert users.count() == len(known)
        assert sorted(mobiles) == sorted(f"+86{person.mobile}" for person in known if person.mobile)
        assert WechatOpenid.objects.count() == sum(len(person.apps) for person in known)
        assert WechatUnionid.objects.count() == len(known)

    @invariant()
    def tokens_open_what_the_account_may_do_now(self) -> None:
        for person in self.people.values():
            for token in person.tokens[-2:]:
                full = self.usable(person) and not self.step_owed(person)
                assert self.call(person, lambda phone: phone.get("user/info"), token)[0] == (1 if full else -1)

    @invariant()
    def dead_tokens_stay_dead(self) -> None:
        for token in self.dead[-3:]:
            nobody = Person("nobody")
            assert self.call(nobody, lambda phone: phone.get("user/info"), token) == NOT_LOGGED_IN
            assert self.call(nobody, lambda phone: phone.update_user(), token) == NOT_LOGGED_IN

    def token_of(self, person: Person) -> str:
        return person.tokens[-1] if person.tokens else ""

    def usable(self, person: Person) -> bool:
        return bool(person.tokens) and not person.disabled

    def rows(self) -> tuple[int, ...]:
        return tuple(model.objects.count() for model in (User, WechatOpenid, WechatUnionid))

    def openids(self, person: Person) -> list[str]:
        world = self.wechat.world
        return [world.openid(appid, person.name) for appid in world.apps]

    wechat: Running


@pytest.mark.timeout(400)
def test_no_order_of_events_breaks_a_rule(db: None, wechat: Running, settings_of_apps: None) -> None:
    Logins.wechat = wechat
    bounds = settings(
        max_examples=20,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )

    run_state_machine_as_test(Logins, settings=bounds)


@pytest.fixture
def settings_of_apps(wechat: Running, settings: Any) -> None:
    """Both mini-programs belong to one Open Platform account, so that a person has one account at both."""
    for entry in settings.WECHAT_APPS.values():
        wechat.world.set_app(App(entry["APPID"], entry["SECRET"], open_account="company"))
