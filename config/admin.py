"""The admin site: one place for its name, its first page and what only this project's admin has."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from config.dashboard_page import DashboardSite
from config.doctor_page import DoctorSite
from config.second_factor import SecondFactorSite
from config.staff_login import StaffAuthenticationForm


class Site(DashboardSite, DoctorSite, SecondFactorSite):
    site_title = _("Mini-program login")
    site_header = _("Mini-program login")
    index_title = _("Overview")
    site_url = None
    login_form = StaffAuthenticationForm
