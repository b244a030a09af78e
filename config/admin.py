"""The admin site: one place for its name, its first page and what only this project's admin has."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class Site(AdminSite):
    site_title = _("Mini-program login")
    site_header = _("Mini-program login")
    index_title = _("Overview")
    site_url = None
