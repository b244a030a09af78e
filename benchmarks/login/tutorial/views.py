from __future__ import annotations

import requests
from django.conf import settings
from django.contrib.auth.models import User
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.tokens import RefreshToken


class WechatLoginView(APIView):
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        code = request.data.get("code")
        if not code:
            return Response({"error": "code is required"}, status=status.HTTP_400_BAD_REQUEST)
        response = requests.get(
            f"{settings.WECHAT_API_BASE}/sns/jscode2session",
            params={
                "appid": settings.WECHAT_APPID,
                "secret": settings.WECHAT_SECRET,
                "js_code": code,
                "grant_type": "authorization_code",
            },
            timeout=5,
        )
        data = response.json()
        if "openid" not in data:
            return Response({"error": data.get("errmsg")}, status=status.HTTP_400_BAD_REQUEST)
        user, created = User.objects.get_or_create(username=data["openid"])
        refresh = RefreshToken.for_user(user)
        return Response({"refresh": str(refresh), "access": str(refresh.access_token), "is_new_user": created})
