"""Members: staff looks them up, reads what happened to them and steps in; nobody edits an identity by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters, ShowFacets
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import staff
from accounts.admin import display, search
from accounts.admin.actions import ACTIONS, Action, possible
from accounts.admin.consents import consents
from accounts.admin.filters import AppFilter, LastLoginFilter, RegisteredFilter, StateFilter
from accounts.admin.forms import ExportForm
from accounts.admin.paginator import BoundedPaginator
from accounts.admin.timeline import moments, timeline
from accounts.events import Kind
from accounts.export import csv_lines
from accounts.models import Standing, User
from accounts.origin import Origin
from accounts.staff import FLOW, NO_APP, Intervention, NotPossible
from settings_app.models import LoginSettings
from wechat.miniprogram import all_mini_programs

LIST = "admin:accounts_user_changelist"
TEMPLATES = "admin/accounts/user"
FILTERS: list[Any] = [StateFilter, AppFilter, RegisteredFilter, LastLoginFilter]


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["person", "state_now", "mobile_masked", "registered", "logged_in", "apps"]
    list_display_links = ["person"]
    list_filter = FILTERS
    search_fields = ["nickname"]
    search_help_text = gettext_lazy(
        "The whole mobile number, member number or openid, or the beginning of the nickname."
    )
    sortable_by = ()
    actions = None
    fields = ["sn"]
    list_per_page = 50
    list_max_show_all = 0
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER

    class Media:
        css = {"all": ["accounts/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        switch = LoginSettings.objects.filter(pk=1).values("coerce_mobile")
        members = User.objects.filter(standing__gt=Standing.STAFF).annotate(coerce_mobile=Subquery(switch))  # type: ignore[no-redef]
        return members.prefetch_related("openids")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """A column that says the same on every line is left out."""
        columns = list(self.list_display)
        return columns if len(all_mini_programs()) > 1 else [name for name in columns if name != "apps"]

    def get_ordering(self, request: HttpRequest) -> list[str | Combinable]:
        """Newest first, by the column whose index answers the filter."""
        if LastLoginFilter.parameter_name in request.GET:
            return ["-last_login"]
        return ["-registered_at"] if RegisteredFilter.parameter_name in request.GET else ["-pk"]

    @admin.display(description=gettext_lazy("nickname, member number"))
    def person(self, user: User) -> SafeString:
        name = user.nickname or _("no nickname")
        line = '<span class="person">{} <span>{}<small>{}</small></span></span>'
        return format_html(line, display.picture(user), name, user.sn)

    @admin.display(description=gettext_lazy("mobile"))
    def mobile_masked(self, user: User) -> str:
        return display.mobile(user)

    @admin.display(description=gettext_lazy("state"))
    def state_now(self, user: User) -> SafeString:
        return display.state_pill(user)

    @admin.display(description=gettext_lazy("registered"))
    def registered(self, user: User) -> str:
        return display.minute(user.registered_at)

    @admin.display(description=gettext_lazy("last login"))
    def logged_in(self, user: User) -> str:
        return display.minute(user.last_login)

    @admin.display(description=gettext_lazy("mini-program"))
    def apps(self, user: User) -> str:
        return ", ".join(display.app_names(user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Filters only: `?mobile__contains=` would tell a masked number digit by digit, and scan the table for it."""
        return lookup in [one.parameter_name for one in FILTERS]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("search/", wrap(self.search_view), name="accounts_user_search"),
            path("export/", wrap(self.export_view), name="accounts_user_export"),
            path("<int:pk>/phone/", wrap(self.phone_view), name="accounts_user_phone"),
        ]
        for action in ACTIONS:
            view = wrap(partial(self.action_view, action=action))
            own.append(path(f"<int:pk>/{action.name}/", view, name=f"accounts_user_{action.name}"))
        return own + super().get_urls()

    def allow(self, request: HttpRequest, *permissions: str) -> None:
        if not (self.has_view_permission(request) and request.user.has_perms(permissions)):
            raise PermissionDenied

    def member(self, request: HttpRequest, pk: int) -> User:
        member = self.get_queryset(request).filter(pk=pk).first()
        if member is None:
            raise Http404
        return member

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.allow(request)
        found = self.found(request, request.GET.get(SEARCH_VAR, ""), list_filters(request.GET))
        page = {"title": _("Users"), "may_export": request.user.has_perm("accounts.export_users")}
        return found or super().changelist_view(request, {**page, **(extra_context or {})})

    def search_view(self, request: HttpRequest) -> HttpResponse:
        """The search box posts, so that no phone number stands in an address, a history or a proxy's log."""
        self.allow(request)
        term, filters = request.POST.get(SEARCH_VAR, "").strip(), list_filters(request.POST)
        query = filters | ({SEARCH_VAR: term} if term else {})
        return self.found(request, term, filters) or HttpResponseRedirect(reverse(LIST, query=query))

    def found(self, request: HttpRequest, term: str, filters: dict[str, str]) -> HttpResponse | None:
        """The page of the one user who was named exactly; None where the term is the beginning of a nickname."""
        user = search.exact(term, self.get_queryset(request))
        if user:
            return HttpResponseRedirect(page_of(user))
        if not search.e164(term):
            return None
        self.message_user(request, _("No user has this mobile number."), messages.WARNING)
        return HttpResponseRedirect(reverse(LIST, query=filters))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        return search.by_nickname(search_term, queryset), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self.allow(request)
        user = self.get_object(request, object_id)
        page = self.detail(request, user) if user else {}
        return super().change_view(request, object_id, form_url, {**page, **(extra_context or {})})

    def detail(self, request: HttpRequest, user: User) -> dict[str, Any]:
        events = timeline(user, request.GET.get("page"))
        offered = [action for action in ACTIONS if request.user.has_perm(action.permission) and possible(action, user)]
        return {
            "title": user.nickname or _("no nickname"),
            "subtitle": None,
            "user_actions": offered,
            "may_see_phone": bool(user.mobile) and request.user.has_perm("accounts.view_phone"),
            "picture": display.picture(user),
            "avatar_refused": user.avatar and not display.picture_url(user.avatar),
            "state": display.state_pill(user),
            "mobile": display.mobile(user),
            "apps": display.app_names(user),
            "openids": user.openids.all(),
            "consents": consents(user),
            "page": events,
            "moments": list(moments(events)),
        }

    def action_view(self, request: HttpRequest, pk: int, *, action: Action) -> HttpResponse:
        """Ask on GET, act on POST."""
        self.allow(request, action.permission)
        user = self.member(request, pk)
        if not possible(action, user):
            self.message_user(request, _("That is not possible with this account as it is now."), messages.WARNING)
            return HttpResponseRedirect(page_of(user))
        form = action.form(request.POST if request.method == "POST" else None, user=user)
        if form.is_valid() and self.act(request, user, action, form):
            return HttpResponseRedirect(page_of(user))
        context = {"title": action.button, "action": action, "user_shown": user, "form": form}
        return self.page(request, "confirm.html", context)

    def act(self, request: HttpRequest, user: User, action: Action, form: Any) -> bool:
        try:
            added = {name: form.cleaned_data[name] for name in form.added}
            action.run(user, intervention(request, form.cleaned_data["reason"]), **added)
        except NotPossible as refused:
            form.add_error(None, str(refused))
            return False
        self.message_user(request, str(action.done), messages.SUCCESS)
        return True

    def phone_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The one answer that holds a full number; each look is recorded."""
        self.allow(request, "accounts.view_phone")
        user = self.member(request, pk)
        if request.method != "POST" or not user.mobile:
            return HttpResponseRedirect(page_of(user))
        number = staff.look_at_mobile(user, intervention(request))
        return self.page(
            request, "phone.html", {"title": _("Full mobile number"), "user_shown": user, "number": number}
        )

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """Ask on GET, stream on POST what the list shows with the same filters."""
        self.allow(request, "accounts.export_users")
        form = ExportForm(request.POST if request.method == "POST" else None)
        may_see_phone = request.user.has_perm("accounts.view_phone")
        if not may_see_phone:
            del form.fields["full_mobiles"]
        if search.e164(request.GET.get(SEARCH_VAR, "")):
            return HttpResponseRedirect(reverse("admin:accounts_user_export"))
        try:
            shown = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:accounts_user_export"))
        if form.is_valid():
            return self.export(request, shown.queryset, form.cleaned_data)
        query = urlencode(list_filters(request.GET) | ({SEARCH_VAR: shown.query} if shown.query else {}))
        context = {
            "title": _("Export users"),
            "form": form,
            "cl": shown,
            "query": query,
            "may_see_phone": may_see_phone,
        }
        return self.page(request, "export.html", context)

    def export(self, request: HttpRequest, users: QuerySet[User], asked: dict[str, Any]) -> StreamingHttpResponse:
        full = bool(asked.get("full_mobiles"))
        intervention(request, asked["reason"]).record(Kind.EXPORTED, None, reason="full" if full else "masked")
        lines = csv_lines(users, full_mobiles=full, state_of=display.state_name, apps_of=display.app_names)
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="users-{timezone.localtime():%Y%m%d-%H%M}.csv"'
        return response

    def page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> TemplateResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, f"{TEMPLATES}/{template}", shared | context)


def list_filters(sent: Any) -> dict[str, str]:
    """The list's own filters among what was sent."""
    names = [one.parameter_name for one in FILTERS]
    return {name: sent[name] for name in names if name in sent}


def page_of(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


def intervention(request: HttpRequest, reason: str = "") -> Intervention:
    switches = LoginSettings.current()
    return Intervention(FLOW, NO_APP, Origin.of(request), switches, by=request.user, why=reason)  # type: ignore[arg-type]
