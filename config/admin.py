"""The admin site: one place for its name, its first page and what only this project's admin has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.dashboard_page import DashboardSite
from config.doctor_page import DoctorSite
from config.second_factor import SecondFactorSite
from config.staff_login import StaffAuthenticationForm

SECTIONS: dict[str, tuple[Promise, list[str]]] = {
    "users": (_("Users"), ["User"]),
    "login": (_("Login settings"), ["LoginSettings", "Agreement"]),
    "staff": (_("Staff"), ["Staff", "Group"]),
}


class Site(DashboardSite, DoctorSite, SecondFactorSite):
    site_title = _("Mini-program login")
    site_header = _("Mini-program login")
    index_title = _("Overview")
    site_url = None
    login_form = StaffAuthenticationForm

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """By what people come for, not by the apps of the code."""
        apps = super().get_app_list(request, app_label)
        return apps if app_label else list(sections(apps))


def sections(apps: list[Any]) -> Iterator[dict[str, Any]]:
    """What no section names stays with its app, behind them."""
    models = {model["object_name"]: model for app in apps for model in app["models"]}
    for label, (title, names) in SECTIONS.items():
        if found := [models.pop(name) for name in names if name in models]:
            yield {"name": title, "app_label": label, "app_url": found[0]["admin_url"], "models": found}
    for app in apps:
        if left := [model for model in app["models"] if model["object_name"] in models]:
            yield {**app, "models": left}
