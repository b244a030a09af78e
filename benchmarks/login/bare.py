"""A bare DRF view behind this project's own token check: what `GET user/info` is compared with.

`startproject`'s settings and middleware, DRF's defaults, one dictionary as the answer.
"""

from __future__ import annotations

import os
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.login.bare_settings"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.urls import path
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import TokenAuthentication


class BareView(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        user: Any = request.user
        return Response({"sn": user.sn, "nickname": user.nickname, "avatar": user.avatar, "mobile": user.mobile or ""})


urlpatterns = [path("api/user/info", BareView.as_view())]
