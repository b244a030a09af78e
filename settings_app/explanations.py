"""What each switch is for, and what the server answers, as the switches page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ON, OFF = _("When on"), _("When off")


@dataclass(frozen=True)
class Explanation:
    whom: Promise
    answers: tuple[tuple[Promise, str], ...]


EXPLANATIONS = {
    "mnp_auto_wechat_auth": Explanation(
        _("Returning users. Whoever is unknown here gets the login button in any case."),
        ((OFF, 'silentLogin → code 1, token "", next_step "authorize"'),),
    ),
    "mnp_wechat_auth": Explanation(
        _("Everybody who taps the login button, new people and known users alike."),
        ((OFF, 'authLogin → code 0, error "authorized_login_disabled"'),),
    ),
    "coerce_mobile": Explanation(
        _("Users whose profile is complete and who have no mobile number."),
        (
            (ON, 'silentLogin, authLogin → code 1, next_step "bind_mobile"; user/info → code -1'),
            (OFF, 'silentLogin, authLogin → code 1, next_step ""'),
        ),
    ),
}
