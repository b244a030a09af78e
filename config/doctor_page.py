"""The doctor's findings as a page of the admin, for those who may see the switches."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext as _

from config.doctor import Level, examine

PERMISSION = "settings_app.view_loginsettings"


class DoctorSite(AdminSite):
    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [path("doctor/", self.admin_view(self.doctor), name="doctor"), *super().get_urls()]

    def doctor(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        findings = examine(request)
        levels = [finding.level for finding in findings]
        page = {
            "title": _("Health"),
            "findings": findings,
            "errors": levels.count(Level.ERROR),
            "warnings": levels.count(Level.WARNING),
        }
        return TemplateResponse(request, "doctor/page.html", {**self.each_context(request), **page})
