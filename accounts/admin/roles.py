"""Roles: what staff may do, chosen among the rights that this admin knows, in words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.superusers import SuperusersOnly

# By codename, in the order in which the page shows them.
RIGHTS: dict[str, Promise] = {
    "view_user": gettext_lazy("Look users up"),
    "disable_user": gettext_lazy("Disable and enable users"),
    "revoke_tokens": gettext_lazy("Log users out everywhere"),
    "view_phone": gettext_lazy("See full mobile numbers"),
    "change_mobile": gettext_lazy("Correct and release mobile numbers"),
    "export_users": gettext_lazy("Export users"),
    "reset_profile": gettext_lazy("Reset profiles"),
    "anonymise_user": gettext_lazy("Anonymise users"),
    "view_loginsettings": gettext_lazy("See the login switches and the health page"),
    "change_loginsettings": gettext_lazy("Change the login switches"),
    "view_agreement": gettext_lazy("See agreements"),
    "add_agreement": gettext_lazy("Draft agreements"),
    "change_agreement": gettext_lazy("Change drafts and publish them"),
    "delete_agreement": gettext_lazy("Delete drafts"),
}


class RightsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(RIGHTS[obj.codename])


class RoleForm(forms.ModelForm):  # type: ignore[type-arg]
    permissions = RightsField(
        label=gettext_lazy("May"),
        required=False,
        queryset=Permission.objects.filter(
            content_type__app_label__in=["accounts", "settings_app"], codename__in=RIGHTS
        ).order_by("content_type", "pk"),
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Group
        fields = ("name", "permissions")


class RoleAdmin(SuperusersOnly, GroupAdmin):
    form = RoleForm
    search_fields = ()
    filter_horizontal = ()
    list_display = ["name", "rights"]
    ordering = ["name"]
    actions = None

    class Media:
        css = {"all": ["accounts/admin.css"]}

    @admin.display(description=gettext_lazy("May"))
    def rights(self, role: Group) -> str:
        held = set(role.permissions.values_list("codename", flat=True))
        return " · ".join(str(right) for codename, right in RIGHTS.items() if codename in held) or "–"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Roles"), **(extra_context or {})})

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """The role alone: that its holders lose it goes without the names of join tables."""
        return [str(role) for role in objs], {str(_("Roles")): len(objs)}, set(), []


# Groups are all that the admin shows of Django's app.
Group._meta.app_config.verbose_name = gettext_lazy("Staff")
Group._meta.verbose_name, Group._meta.verbose_name_plural = gettext_lazy("role"), gettext_lazy("roles")
# Importing the stock admin has registered the stock page.
admin.site.unregister(Group)
admin.site.register(Group, RoleAdmin)
