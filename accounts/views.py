"""The endpoints: parse, call the flow, shape the answer. What they decide is decided elsewhere."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, cast

from django.core.files.storage import default_storage
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from accounts import serializers
from accounts.avatar import absolute
from accounts.events import Visit
from accounts.images import store_avatar
from accounts.login import Application, authorized_login, silent_login
from accounts.models import User
from accounts.origin import Origin, base_of
from accounts.permissions import LoggedIn
from accounts.phone import bind_mobile
from accounts.profile import Change, update_user
from accounts.session import delete_account, logout
from accounts.steps import LoginAnswer, Step
from accounts.throttling import LoginThrottle
from settings_app.models import LoginSettings
from wechat.miniprogram import DEFAULT, MiniProgram, UnknownMiniProgram, mini_program

APP_HEADER = "X-Wechat-App"
SENTENCES = {
    Step.AUTHORIZE: _("Please tap the login button"),
    Step.COMPLETE_PROFILE: _("Please complete your profile"),
    Step.BIND_MOBILE: _("Please bind your mobile number"),
    Step.CLOSED: _("Login is closed at the moment"),
}


def requested_app(request: Request) -> MiniProgram:
    """The mini-program that the client says it is; its codes are of no use to another one."""
    try:
        return mini_program(request.headers.get(APP_HEADER) or DEFAULT)
    except UnknownMiniProgram:
        raise ValidationError({APP_HEADER: [_("There is no mini-program of this name here.")]}) from None


def visit_of(request: Request, flow: str) -> Visit:
    return Visit(flow, requested_app(request), Origin.of(request._request), LoginSettings.current())


def member(request: Request) -> User:
    """The account whose token the permission has accepted."""
    return cast("User", request.user)


def valid(serializer_class: type[BaseSerializer[Any]], request: Request) -> dict[str, Any]:
    return dict(validator(serializer_class, get_language()).run_validation(request.data))  # type: ignore[arg-type]


@cache
def validator(serializer_class: type[BaseSerializer[Any]], language: str | None) -> BaseSerializer[Any]:
    """One for all requests: a serializer copies its fields when it is made, and keeps nothing of what it validates.

    But for each language one, because DRF's validators keep the sentence that they said first.
    """
    return serializer_class()


@lru_cache(maxsize=64)
def profile(base: str) -> serializers.ProfileSerializer:
    """One for each address of this server, because finding out a model's fields takes longer than all the rest."""
    return serializers.ProfileSerializer(context={"base": base})


class View(APIView):
    """Tells of a method that it does not have before it asks for a token."""

    http_method_names = ["get", "head", "post"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)
        super().initial(request, *args, **kwargs)


class LoginAnswerView(View):
    """A view that ends in a login answer; its sentence says what the visitor does next."""

    message = _("Logged in")

    def answer(self, answer: LoginAnswer) -> Response:
        self.message = SENTENCES.get(answer.next_step, self.message)
        return Response(answer.as_data())


class LoginView(LoginAnswerView):
    """Authenticates nobody: a stale token in the header must not keep anybody from logging in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (LoginThrottle,)


class SilentLoginView(LoginView):
    @extend_schema(request=serializers.CodeSerializer, responses=serializers.LoginAnswerSerializer)
    def post(self, request: Request) -> Response:
        """Log a returning user in with a `wx.login` code, without a tap. Writes nothing for somebody unknown."""
        code = valid(serializers.CodeSerializer, request)["code"]
        return self.answer(silent_login(code, visit_of(request, "silent_login")))


class AuthLoginView(LoginView):
    @extend_schema(request=serializers.AuthLoginSerializer, responses=serializers.LoginAnswerSerializer)
    def post(self, request: Request) -> Response:
        """Log in after a tap on the login button; registers whoever is unknown."""
        sent = valid(serializers.AuthLoginSerializer, request)
        code = sent.pop("code")
        return self.answer(authorized_login(code, Application(**sent), visit_of(request, "authorized_login")))


class UpdateUserView(LoginAnswerView):
    permission_classes = (LoggedIn,)
    message = _("Saved")

    @extend_schema(request=serializers.UpdateUserSerializer, responses=serializers.LoginAnswerSerializer)
    def post(self, request: Request) -> Response:
        """Complete the profile, or change it later: at least one of nickname, avatar, mobile_code."""
        change = Change(**valid(serializers.UpdateUserSerializer, request))
        return self.answer(update_user(member(request), change, visit_of(request, "update_user")))


class BindMobileView(LoginAnswerView):
    permission_classes = (LoggedIn,)
    message = _("Mobile number bound")

    @extend_schema(request=serializers.PhoneCodeSerializer, responses=serializers.LoginAnswerSerializer)
    def post(self, request: Request) -> Response:
        """Bind the mobile number that the person confirmed in WeChat."""
        code = valid(serializers.PhoneCodeSerializer, request)["code"]
        return self.answer(bind_mobile(member(request), code, visit_of(request, "bind_mobile")))


class LogoutView(View):
    permission_classes = (LoggedIn,)
    message = _("Logged out")

    @extend_schema(request=None, responses=serializers.EmptySerializer)
    def post(self, request: Request) -> Response:
        """Kill the token, on every worker at once."""
        logout(member(request), visit_of(request, "logout"))
        return Response({})


class UserInfoView(View):
    @extend_schema(responses=serializers.ProfileSerializer)
    def get(self, request: Request) -> Response:
        """The caller's own profile."""
        return Response(profile(base_of(request._request)).to_representation(member(request)))


class DeleteView(View):
    message = _("Account deleted")

    @extend_schema(request=serializers.DeleteSerializer, responses=serializers.EmptySerializer)
    def post(self, request: Request) -> Response:
        """Empty the account at once and for ever."""
        valid(serializers.DeleteSerializer, request)
        delete_account(member(request), visit_of(request, "delete"))
        return Response({})


class UploadImageView(View):
    permission_classes = (LoggedIn,)
    parser_classes = (MultiPartParser,)
    message = _("Uploaded")

    @extend_schema(
        request={"multipart/form-data": serializers.UploadSerializer}, responses=serializers.UploadAnswerSerializer
    )
    def post(self, request: Request) -> Response:
        """Store an avatar; it is decoded and written anew."""
        name = store_avatar(valid(serializers.UploadSerializer, request)["file"], member(request))
        url = absolute(name, base_of(request._request))
        return Response({"url": url, "uri": default_storage.url(name)})
