from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from settings_app.models import LoginSettings, SwitchChange

pytestmark = pytest.mark.django_db

DEFAULTS = "mnp_auto_wechat_auth=on\nmnp_wechat_auth=on\ncoerce_mobile=off\n"


def login_settings(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    with translation.override("en"):
        call_command("login_settings", *arguments, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


def history() -> list[dict[str, Any]]:
    return list(SwitchChange.objects.values("by", "source", "before", "after"))


def test_without_arguments_it_prints_the_switches_and_changes_nothing():
    assert login_settings() == (DEFAULTS, "")
    assert history() == []


def test_a_database_without_the_row_has_the_defaults():
    LoginSettings.objects.all().delete()

    assert login_settings() == (DEFAULTS, "")
    assert login_settings("coerce_mobile=on")[0] == DEFAULTS.replace("mobile=off", "mobile=on")


def test_it_sets_several_switches_at_once_and_records_one_change():
    out, err = login_settings("mnp_auto_wechat_auth=off", "coerce_mobile=on")

    assert (out, err) == ("mnp_auto_wechat_auth=off\nmnp_wechat_auth=on\ncoerce_mobile=on\n", "")
    assert LoginSettings.current().switches() == {
        "mnp_auto_wechat_auth": False,
        "mnp_wechat_auth": True,
        "coerce_mobile": True,
    }
    assert history() == [
        {
            "by": None,
            "source": "shell",
            "before": {"mnp_auto_wechat_auth": True, "mnp_wechat_auth": True, "coerce_mobile": False},
            "after": {"mnp_auto_wechat_auth": False, "mnp_wechat_auth": True, "coerce_mobile": True},
        }
    ]
    assert SwitchChange.objects.get().lines == ["mnp_auto_wechat_auth: on → off", "coerce_mobile: off → on"]


@pytest.mark.parametrize("value", ["on", "ON", "true", "True", "1"])
def test_words_for_on(value):
    assert login_settings(f"coerce_mobile={value}")[0].endswith("coerce_mobile=on\n")


@pytest.mark.parametrize("value", ["off", "Off", "false", "FALSE", "0"])
def test_words_for_off(value):
    login_settings("coerce_mobile=on")

    assert login_settings(f"coerce_mobile={value}")[0].endswith("coerce_mobile=off\n")


def test_setting_what_is_already_so_leaves_no_history():
    assert login_settings("mnp_wechat_auth=on", "coerce_mobile=off") == (DEFAULTS, "")
    assert history() == []


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            "silent=on",
            "There is no switch 'silent'. The switches are: mnp_auto_wechat_auth, mnp_wechat_auth, coerce_mobile.",
        ),
        (
            "mnp_wechat_auth=maybe",
            "'maybe' is not a value of mnp_wechat_auth. The values are: on, off, true, false, 1, 0.",
        ),
        ("mnp_wechat_auth", "'' is not a value of mnp_wechat_auth. The values are: on, off, true, false, 1, 0."),
        ("coerce_mobile=off", "coerce_mobile is named twice."),
    ],
)
def test_one_wrong_argument_changes_nothing(argument, message):
    with pytest.raises(CommandError) as refused:
        login_settings("coerce_mobile=on", argument)

    assert str(refused.value) == message
    assert login_settings() == (DEFAULTS, "")
    assert history() == []


def test_a_lock_out_is_warned_of_beside_the_output():
    out, err = login_settings("mnp_wechat_auth=off")
    assert out == "mnp_auto_wechat_auth=on\nmnp_wechat_auth=off\ncoerce_mobile=off\n"
    assert err == "Authorised login is off: nobody new can register. Only users who are known are logged in.\n"

    _out, err = login_settings("mnp_auto_wechat_auth=off")
    assert err == "Both login ways are off: nobody can log in. Whoever is logged in stays logged in.\n"
