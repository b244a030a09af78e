"""What a token opens, decided by the account's state now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import User
from accounts.steps import Step, step_owed

if TYPE_CHECKING:
    from rest_framework.views import APIView


class LoggedIn(BasePermission):
    """Any usable token: for the few endpoints through which an account does what it still owes."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User)


class OwesNothing(LoggedIn):
    """The default of every endpoint: the profile is complete and, where the switch asks for it, a mobile is bound."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return isinstance(user, User) and step_owed(user, coerce_mobile=bool(user.coerce_mobile)) is Step.NOTHING
