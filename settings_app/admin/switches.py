"""The one page of switches. A change is looked at before it is made: form, preview, confirmation.

What somebody did not touch is not written, whatever others did meanwhile; and what was confirmed is only written if
the switches still stand as the preview showed them.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Field
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import translation
from django.utils.translation import gettext as _

from settings_app import forecast
from settings_app.explanations import EXPLANATIONS
from settings_app.history import ChangedMeanwhile, change_switches
from settings_app.lockouts import lockouts
from settings_app.models import SWITCHES, LoginSettings, SwitchChange, on_off
from settings_app.proposal import AFTER, BEFORE, Proposal, stated

LATEST = 5
PER_PAGE = 50
CONFIRM = "_confirm"


class SwitchesForm(forms.ModelForm):  # type: ignore[type-arg]
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
        css = {"all": ["settings_app/admin.css", "settings_app/switches.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LoginSettings | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        propose = path(
            "1/propose/", self.admin_site.admin_view(self.propose_view), name="settings_app_loginsettings_propose"
        )
        return [propose, *super().get_urls()]

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_dbfield(db_field, request, show_hidden_initial=True, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return to_the_switches()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> LoginSettings | None:
        if object_id == "1":
            LoginSettings.objects.get_or_create(pk=1)
        return super().get_object(request, object_id, from_field)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method == "POST" and object_id == "1":
            self.check_may_change(request)
            return self.confirmed(request) if CONFIRM in request.POST else self.chosen(request)
        now = LoginSettings.current()
        latest = SwitchChange.objects.select_related("by")[:LATEST]
        page = {
            "title": _("Login switches"),
            "subtitle": None,
            "now": now,
            "lockouts": lockouts(now),
            "explanations": EXPLANATIONS,
            "table": forecast.table(now),
            "latest": self.with_ways_back(request, latest, now),
        }
        return super().changeform_view(request, object_id, form_url, {**page, **(extra_context or {})})

    def check_may_change(self, request: HttpRequest) -> None:
        if not self.has_change_permission(request):
            raise PermissionDenied

    def chosen(self, request: HttpRequest) -> HttpResponse:
        """The switches page was sent."""
        form = cast("SwitchesForm", self.get_form(request)(request.POST, instance=LoginSettings.current()))
        form.is_valid()
        return self.preview(request, Proposal.of(form.touched()))

    def propose_view(self, request: HttpRequest) -> HttpResponse:
        """A state that the address names, all three switches of it; looking changes nothing."""
        self.check_may_change(request)
        state = stated(request.GET)
        return self.preview(request, Proposal.of(state)) if state else to_the_switches()

    def preview(
        self, request: HttpRequest, proposal: Proposal, *, objection: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> HttpResponse:
        if not proposal.changes:
            self.message_user(request, _("The switches stand like that already: nothing was changed."), messages.INFO)
            return to_the_switches()
        page = {
            **self.admin_site.each_context(request),
            "title": _("Preview of the change"),
            "opts": self.opts,
            "media": self.media,
            "proposal": proposal,
            "switches": [(label(name), name, not on, on) for name, on in proposal.changes.items()],
            "table": forecast.table(proposal.after, present=proposal.before),
            "impact": forecast.impact(proposal.before, proposal.after),
            "lockouts": lockouts(proposal.after),
            "unknown_phones": proposal.changes.get("coerce_mobile") and forecast.phone_capability() is None,
            "objection": objection,
            "confirm": CONFIRM,
        }
        return TemplateResponse(request, "admin/settings_app/loginsettings/preview.html", page, status=status)

    def confirmed(self, request: HttpRequest) -> HttpResponse:
        """The preview was sent: write it, unless the switches moved meanwhile or an effect was not acknowledged."""
        before, after = stated(request.POST, BEFORE), stated(request.POST, AFTER)
        if before is None or after is None:
            self.message_user(request, _("The form was incomplete: nothing was changed."), messages.ERROR)
            return to_the_switches()
        proposal = Proposal.of({name: on for name, on in after.items() if on != before[name]})
        if not proposal.changes or proposal.before.switches() != before:
            return self.outdated(request, proposal)
        if any(lockout.field not in request.POST for lockout in lockouts(proposal.after)):
            objection = _("Nothing was changed: please confirm the effect by ticking the box.")
            return self.preview(request, proposal, objection=objection, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            self.write(request, proposal)
        except ChangedMeanwhile:
            return self.outdated(request, Proposal.of(proposal.changes))
        self.message_user(request, _("Saved. It holds from the next request on."), messages.SUCCESS)
        return to_the_switches()

    def outdated(self, request: HttpRequest, proposal: Proposal) -> HttpResponse:
        objection = _("Nothing was changed: somebody else moved the switches meanwhile. This is the preview from now.")
        return self.preview(request, proposal, objection=objection, status=HTTPStatus.CONFLICT)

    def write(self, request: HttpRequest, proposal: Proposal) -> None:
        """The change, its history and its log entry, which is in no language, since it is stored as it is."""
        expected = proposal.before.switches()
        with transaction.atomic(), translation.override(None):
            source = SwitchChange.Source.ADMIN
            change = change_switches(proposal.changes, by=request.user, source=source, expected=expected)
            self.log_change(request, LoginSettings.current(), str(change))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        pages = self.get_paginator(request, SwitchChange.objects.select_related("by"), PER_PAGE)
        changes = pages.get_page(request.GET.get(PAGE_VAR))
        now = LoginSettings.current()
        first = None if changes.has_next() or not changes else list(changes)[-1]
        page = {
            "title": _("History of the switches"),
            "changes": changes,
            "entries": self.with_ways_back(request, changes, now),
            "first_state": first and labelled(first.before),
            "way_back_to_first": first and self.way_back(request, first.before, now),
            "media": self.media,
        }
        return super().history_view(request, object_id, {**page, **(extra_context or {})})

    def with_ways_back(
        self, request: HttpRequest, changes: Iterable[SwitchChange], now: LoginSettings
    ) -> list[tuple[SwitchChange, list[tuple[str, bool]], str]]:
        """Each change with the state it led to, and the address that proposes to go back to that."""
        return [(change, labelled(change.after), self.way_back(request, change.after, now)) for change in changes]

    def way_back(self, request: HttpRequest, state: dict[str, bool], now: LoginSettings) -> str:
        """Empty for the state that is there now and for whoever may not change it."""
        if state == now.switches() or not self.has_change_permission(request):
            return ""
        query = urlencode({name: on_off(state[name]) for name in SWITCHES})
        return f"{reverse('admin:settings_app_loginsettings_propose')}?{query}"


def to_the_switches() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:settings_app_loginsettings_change", args=[1]))


def labelled(state: dict[str, bool]) -> list[tuple[str, bool]]:
    return [(label(name), state[name]) for name in SWITCHES]


def label(name: str) -> str:
    return str(cast("Field[Any, Any]", LoginSettings._meta.get_field(name)).verbose_name)
