"""The admin's first page: figures for those who may view users or switches, the list of models for all staff."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse

from accounts.dashboard import dashboard, may_see


class DashboardSite(AdminSite):
    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        figures = {"dashboard": dashboard()} if may_see(request.user) else {}
        return super().index(request, {**figures, **(extra_context or {})})
