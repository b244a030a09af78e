"""Staff look users up here; nobody edits an identity by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.mobile import masked
from accounts.models import User


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["sn", "nickname", "masked_mobile", "state_label", "registered_at", "last_login"]
    search_fields = ["=sn", "nickname"]
    list_filter = ["is_active"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = ["sn", "nickname", "masked_mobile", "state_label", "registered_at", "profile_completed_at", "last_login"]

    @admin.display(description=_("mobile"))
    def masked_mobile(self, user: User) -> str:
        return masked(user.mobile)

    @admin.display(description=_("state"))
    def state_label(self, user: User) -> str:
        return str(user.state.label)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
