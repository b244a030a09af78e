from __future__ import annotations

from django.urls import path
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import TokenAuthentication


class InfoView(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        user = request.user
        return Response({"sn": user.sn, "nickname": user.nickname, "avatar": user.avatar, "mobile": user.mobile or ""})


urlpatterns = [path("api/user/info", InfoView.as_view())]
