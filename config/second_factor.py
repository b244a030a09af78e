"""A second factor for staff (`STAFF_TOTP`): superusers must have one, everybody else may.

Somebody who owes it is logged in with the password alone and gets no page of the admin but this one.
"""

from __future__ import annotations

import base64
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django_otp import login as remember_verified
from django_otp.plugins.otp_totp.models import TOTPDevice


class TokenForm(forms.Form):
    """The six digits that the app on the phone shows; wrong ones make the next attempt wait longer."""

    token = forms.CharField(
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )

    def __init__(self, device: TOTPDevice, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.device = device

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"].replace(" ", "")
        allowed, _reason = self.device.verify_is_allowed()
        if not allowed:
            raise ValidationError(_("Too many wrong codes. Please wait a moment."))
        if not self.device.verify_token(token):
            raise ValidationError(_("This code is not right. Please enter the one that is shown now."))
        return token


class SecondFactorSite(AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not due(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        if request.method == "GET" and super().has_permission(request) and due(request.user):
            return HttpResponseRedirect(f"{reverse('admin:second_factor')}?{request.GET.urlencode()}")
        return super().login(request, extra_context)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [path("second-factor/", self.second_factor, name="second_factor"), *super().get_urls()]

    @method_decorator([never_cache, csrf_protect])
    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """Ask for the code, and before the first time show what to scan."""
        if not settings.STAFF_TOTP or not super().has_permission(request):
            raise PermissionDenied
        device = device_of(request.user)
        form = TokenForm(device, *([request.POST] if request.method == "POST" else []))
        if form.is_valid():
            device.confirmed = True
            device.save(update_fields=["confirmed"])
            remember_verified(request, device)
            return redirect(next_page(request))
        page = {"title": _("Second factor"), "form": form, "device": device}
        secret = {"qr": qr_code(device), "key": key_of(device)}
        return TemplateResponse(request, "staff/second_factor.html", {**self.each_context(request), **page, **secret})


def due(user: Any) -> bool:
    """Whether this member of staff still has to show a code in this session."""
    if not settings.STAFF_TOTP or user.is_verified():
        return False
    return bool(user.is_superuser or TOTPDevice.objects.devices_for_user(user, confirmed=True).exists())


def device_of(user: Any) -> TOTPDevice:
    """The confirmed device; for somebody without one, the one that is being set up."""
    devices = TOTPDevice.objects.devices_for_user(user)
    found = devices.order_by("-confirmed", "pk").first()
    return found or TOTPDevice.objects.create(user=user, name="TOTP", confirmed=False)


def qr_code(device: TOTPDevice) -> SafeString | str:
    """What an authenticator app scans; nothing for a device that is in use."""
    if device.confirmed:
        return ""
    code = segno.make_qr(device.config_url).svg_inline(scale=5, border=2, light="#fff", svgclass="qr", omitsize=True)
    return mark_safe(code)  # noqa: S308


def key_of(device: TOTPDevice) -> str:
    """The same to type, in the groups of four that apps show."""
    key = base64.b32encode(device.bin_key).decode().rstrip("=")
    return "" if device.confirmed else " ".join(key[start : start + 4] for start in range(0, len(key), 4))


def next_page(request: HttpRequest) -> str:
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("admin:index")
