"""Agreements are drafted, published by a step of its own, and never change after that."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import ShowFacets
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from settings_app.models import Agreement


@admin.register(Agreement)
class AgreementAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["title", "type", "version", "status", "published_at"]
    list_filter = ["type"]
    search_fields = ["title", "version"]
    show_facets = ShowFacets.NEVER
    ordering = ["type", F("published_at").desc(nulls_first=True), "-pk"]
    fields = [("type", "version"), "title", "content"]
    actions = None

    class Media:
        css = {"all": ["settings_app/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        later = Agreement.objects.filter(type=OuterRef("type"), published_at__gt=OuterRef("published_at"))
        agreements: QuerySet[Agreement] = super().get_queryset(request)
        return agreements.annotate(replaced=Exists(later))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Agreements"), **(extra_context or {})})

    @admin.display(description=gettext_lazy("status"))
    def status(self, agreement: Agreement) -> SafeString:
        return format_html('<span class="pill pill-{}">{}</span>', *state(agreement))

    def has_change_permission(self, request: HttpRequest, obj: Agreement | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.published_at)

    def has_delete_permission(self, request: HttpRequest, obj: Agreement | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.published_at)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """`?copy=<pk>` starts a draft from another version's text."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        copied = self.get_object(request, request.GET.get("copy", ""))
        if copied and self.has_view_permission(request, copied):
            initial |= {"type": copied.type, "title": copied.title, "content": copied.content}
        return initial

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context["show_save_and_add_another"] = False
        if agreement := context.get("original"):
            context |= {"state": state(agreement), "title": str(agreement), "subtitle": agreement.title}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        publish = self.admin_site.admin_view(self.publish_view)
        return [path("<path:object_id>/publish/", publish, name="settings_app_agreement_publish"), *super().get_urls()]

    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask on GET, publish on POST."""
        agreement = self.get_object(request, object_id)
        if agreement is None:
            raise Http404
        if not self.has_change_permission(request, agreement):
            raise PermissionDenied
        if request.method == "POST":
            self.publish(request, agreement)
            return HttpResponseRedirect(reverse("admin:settings_app_agreement_changelist"))
        return TemplateResponse(request, PUBLISH_TEMPLATE, self.publish_context(request, agreement))

    @transaction.atomic
    def publish(self, request: HttpRequest, agreement: Agreement) -> None:
        agreement.publish()
        with translation.override(None):
            self.log_change(request, agreement, "draft → published")
        message = _("Published: %(agreement)s. New visitors see it from now on.") % {"agreement": agreement}
        self.message_user(request, message, messages.SUCCESS)

    def publish_context(self, request: HttpRequest, agreement: Agreement) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": _("Publish this version?"),
            "agreement": agreement,
            "replaces": Agreement.published(agreement.type),
            "opts": self.opts,
            "media": self.media,
        }


PUBLISH_TEMPLATE = "admin/settings_app/agreement/publish.html"


def state(agreement: Agreement) -> tuple[str, str]:
    """A CSS name and a word for where a version stands."""
    if not agreement.published_at:
        return "draft", _("Draft")
    if getattr(agreement, "replaced", False):
        return "replaced", _("Replaced")
    return "in-force", _("In force")
