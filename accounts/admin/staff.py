"""Accounts that log in to this admin, made and changed by superusers alone; a member is never among them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import ShowFacets
from django.contrib.auth.admin import UserAdmin as AccountAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.admin.superusers import SuperusersOnly
from accounts.models import Staff

ROLE_NAMES: dict[str, Promise] = {
    "operator": _("operator: switches and agreements"),
    "support": _("support: look up, disable, log out"),
    "privacy officer": _("privacy officer: full numbers, export, reset, anonymise"),
}


class RoleField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(ROLE_NAMES.get(obj.name, obj.name))


class StaffCreationForm(UserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = Staff
        fields = ("username",)


class StaffChangeForm(UserChangeForm):  # type: ignore[type-arg]
    remove_second_factor = forms.BooleanField(
        label=_("Remove the second factor"),
        required=False,
        help_text=_("For a phone that is lost: the account sets up a new one."),
    )

    class Meta:
        model = Staff
        fields = ("username", "password", "is_active", "is_superuser", "groups")


@admin.register(Staff)
class StaffAdmin(SuperusersOnly, AccountAdmin):  # type: ignore[type-arg]
    form = StaffChangeForm
    add_form = StaffCreationForm
    # The stock one says that there are more fields to come; here there are none.
    add_form_template = None
    list_display = ["username", "is_active", "is_superuser", "roles", "last_login"]
    list_filter = ["is_active"]
    search_fields = ["username"]
    ordering = ["username"]
    filter_horizontal = ()
    readonly_fields = ["last_login"]
    actions = None
    show_facets = ShowFacets.NEVER

    class Media:
        css = {"all": ["accounts/admin.css"]}

    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("What this account may do"), {"fields": ["is_active", "is_superuser", "groups"]}),
        (_("Use"), {"fields": ["last_login"]}),
    ]
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["username", "password1", "password2"]}),
        (_("What this account may do"), {"fields": ["groups"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Staff]:
        staff: QuerySet[Staff] = super().get_queryset(request).filter(username__isnull=False)
        return staff.prefetch_related("groups")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Staff accounts"), **(extra_context or {})})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the second factor, where the account has one."""
        sets = list(super().get_fieldsets(request, obj))
        if obj and TOTPDevice.objects.devices_for_user(obj, confirmed=True).exists():
            sets.append((_("Second factor"), {"fields": ["remove_second_factor"]}))
        return sets

    @admin.display(description=_("roles"))
    def roles(self, account: Staff) -> str:
        return ", ".join(str(ROLE_NAMES.get(group.name, group.name)) for group in account.groups.all()) or "–"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The column may be empty, for members; the name of an account may not."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "username" and field:
            field.required = True
        if db_field.name == "is_active" and field:
            field.help_text = _("Off: the account cannot log in here, and whoever uses it is out at the next request.")
        if db_field.name == "groups" and field:
            field.widget.can_add_related = False
        return field

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            return RoleField(
                queryset=Group.objects.order_by("name"),
                required=False,
                label=_("Roles"),
                widget=forms.CheckboxSelectMultiple,
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.is_staff = True
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("remove_second_factor"):
            TOTPDevice.objects.devices_for_user(obj).delete()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Accounts are disabled instead: deleting one would delete what the log says about it."""
        return False
