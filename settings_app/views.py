from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from settings_app.config import client_config
from settings_app.models import Agreement
from settings_app.serializers import AgreementSerializer, ClientConfigSerializer


class OpenView(APIView):
    """Answers before any login, whatever token the request carries."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]


class ClientConfigView(OpenView):
    @extend_schema(summary="The switches and the agreements in force", responses=ClientConfigSerializer)
    def get(self, request: Request) -> Response:
        return Response(client_config(origin=f"{request.scheme}://{request.get_host()}"))


class AgreementView(OpenView):
    @extend_schema(
        summary="The agreement in force, with its text",
        parameters=[OpenApiParameter("type", str, OpenApiParameter.PATH, enum=Agreement.Type.values)],
        responses=AgreementSerializer,
    )
    def get(self, request: Request, **route: str) -> Response:
        agreement = Agreement.published(route["type"])
        if agreement is None:
            raise Http404
        return Response(AgreementSerializer(agreement).data)
