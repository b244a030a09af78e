"""Contract §5, last rule: what somebody agreed to when registering can be shown later (T14)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils import timezone

from accounts.models import Consent, User
from settings_app.models import Agreement
from tests.conftest import Phone
from tests.test_identity import FIRST, SECOND, bind_to_open_platform
from tests.test_silent_login import COMPLETE, NEW
from wechat.simulator.threaded import Running

VERSIONS = {"service": "1.0-template", "privacy": "1.0-template"}
REQUIRED = {
    "code": 0,
    "msg": "Please read and accept the agreements first.",
    "data": {"error": "agreement_required"},
}


@pytest.mark.parametrize(
    ("sent", "agreed"),
    [
        ({}, None),
        ({"agreed": None}, None),
        ({"agreed": True}, True),
        ({"agreed": False}, False),
        ({"agreed": "1"}, True),
    ],
)
def test_registration_leaves_one_record_of_what_was_agreed(alice: Phone, sent: dict[str, Any], agreed: Any) -> None:
    before = timezone.now()

    alice.register(headers={"user_agent": "MicroMessenger/8.0\u2028x"}, **sent)

    record = Consent.objects.annotate(sn=F("user__sn")).values("sn", "agreements", "agreed", "address", "user_agent")
    assert record.get() == {
        "sn": alice.user.sn,
        "agreements": VERSIONS,
        "agreed": agreed,
        "address": "127.0.0.1",
        "user_agent": "MicroMessenger/8.0 x",
    }
    assert before <= Consent.objects.get().created_at <= timezone.now()


def test_agreed_that_is_neither_yes_nor_no_is_refused(alice: Phone, wechat: Running) -> None:
    body = alice.auth_login(agreed="perhaps")

    assert (body["code"], body["data"]["error"], list(body["data"]["fields"])) == (0, "invalid_input", ["agreed"])
    assert wechat.calls() == 0


def test_nothing_but_a_registration_leaves_a_record(alice: Phone) -> None:
    alice.complete()
    alice.silent_login()
    alice.auth_login(agreed=True)

    assert Consent.objects.count() == 1


def test_joining_through_another_app_is_a_registration_too(alice: Phone, wechat: Running) -> None:
    bind_to_open_platform(wechat, FIRST, SECOND)
    alice.complete()

    assert alice.auth_login(agreed=True, headers={"x_wechat_app": "second"})["data"] == COMPLETE
    assert list(alice.user.consents.order_by("pk").values_list("agreed", flat=True)) == [None, True]


def test_record_names_the_versions_in_force_and_keeps_them(alice: Phone, bob: Phone) -> None:
    alice.register(agreed=True)
    Agreement(type="privacy", version="2.0", title="Privacy", content="<p>New</p>").publish()
    Agreement(type="service", version="2.0-draft", title="Service", content="<p>Draft</p>").save()

    bob.register(agreed=True)

    assert alice.user.consents.get().agreements == VERSIONS
    assert bob.user.consents.get().agreements == VERSIONS | {"privacy": "2.0"}


def test_text_that_a_record_names_can_never_change(alice: Phone) -> None:
    alice.register(agreed=True)
    for kind, version in alice.user.consents.get().agreements.items():
        agreement = Agreement.objects.get(type=kind, version=version)
        agreement.content = "<p>Other</p>"
        with pytest.raises(ValidationError):
            agreement.save()
        with pytest.raises(ValidationError):
            agreement.delete()


@pytest.mark.parametrize("sent", [{}, {"agreed": False}, {"agreed": None}])
def test_agreement_can_be_required_before_anything_happens(
    alice: Phone, wechat: Running, settings: Any, sent: dict[str, Any]
) -> None:
    settings.REQUIRE_AGREEMENT = True

    assert alice.auth_login(headers={"accept_language": "en"}, **sent) == REQUIRED

    assert (wechat.calls(), User.objects.count(), Consent.objects.count()) == (0, 0, 0)
    assert alice.auth_login(agreed=True)["data"] == NEW


def test_required_agreement_does_not_stand_before_a_silent_login(alice: Phone, settings: Any) -> None:
    alice.complete()
    settings.REQUIRE_AGREEMENT = True

    assert alice.silent_login()["data"] == COMPLETE
