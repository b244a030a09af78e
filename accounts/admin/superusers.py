from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class SuperusersOnly:
    """Pages that decide what other staff may do. No permission opens them: its holder could give himself all others."""

    def superuser(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.superuser(request)
