"""The one page of switches. What somebody did not touch on it is not written, whatever others did meanwhile."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import Field
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from settings_app.history import change_switches
from settings_app.models import SWITCHES, LoginSettings, SwitchChange

LATEST = 5
PER_PAGE = 50


class SwitchesForm(forms.ModelForm):  # type: ignore[type-arg]
    recorded: SwitchChange | None = None

    class Meta:
        model = LoginSettings
        fields = SWITCHES
        widgets = {name: forms.CheckboxInput(attrs={"role": "switch", "class": "switch"}) for name in SWITCHES}

    def touched(self) -> dict[str, bool]:
        """The switches that stand otherwise than on the page that was sent; all of them if it did not say."""
        return {name: on for name, on in self.cleaned_data.items() if name in self.changed_data or self.unsaid(name)}

    def unsaid(self, name: str) -> bool:
        return self[name].html_initial_name not in self.data


@admin.register(LoginSettings)
class LoginSettingsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = SwitchesForm

    class Media:
        css = {"all": ["settings_app/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LoginSettings | None = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_dbfield(db_field, request, show_hidden_initial=True, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:settings_app_loginsettings_change", args=[1]))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> LoginSettings | None:
        if object_id == "1":
            LoginSettings.objects.get_or_create(pk=1)
        return super().get_object(request, object_id, from_field)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        page = {
            "title": _("Login switches"),
            "subtitle": None,
            "now": LoginSettings.current(),
            "latest": SwitchChange.objects.select_related("by")[:LATEST],
            "show_save_and_continue": False,
        }
        return super().changeform_view(request, object_id, form_url, {**page, **(extra_context or {})})

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        pages = self.get_paginator(request, SwitchChange.objects.select_related("by"), PER_PAGE)
        page = {
            "title": _("History of the switches"),
            "changes": pages.get_page(request.GET.get(PAGE_VAR)),
            "media": self.media,
        }
        return super().history_view(request, object_id, {**page, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: LoginSettings, form: SwitchesForm, change: bool) -> None:
        form.recorded = change_switches(form.touched(), by=request.user, source=SwitchChange.Source.ADMIN)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        return str(form.recorded or "")

    def log_change(self, request: HttpRequest, obj: LoginSettings, message: Any) -> Any:
        """No entry without a change; what it says is in no language, since it is stored as it is."""
        if not message:
            return None
        with translation.override(None):
            return super().log_change(request, obj, message)

    def response_change(self, request: HttpRequest, obj: LoginSettings) -> HttpResponse:
        self.message_user(request, _("Saved. It holds from the next request on."), messages.SUCCESS)
        return HttpResponseRedirect(request.path)
