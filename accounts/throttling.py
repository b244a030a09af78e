"""The login endpoints' limit for each address: `LOGIN_PER_MINUTE`, 0 is off.

DRF's own throttles read, compare and write in three steps, which concurrent requests pass by the dozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.limits import MINUTE, exceeded
from accounts.origin import client_address, network

if TYPE_CHECKING:
    from rest_framework.views import APIView


class LoginThrottle(BaseThrottle):
    def allow_request(self, request: Request, view: APIView) -> bool:
        limit = settings.LOGIN_PER_MINUTE
        who = network(client_address(request._request))
        return not limit or not exceeded("login", who, limit, MINUTE)

    def wait(self) -> float:
        return MINUTE
