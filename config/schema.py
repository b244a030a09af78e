"""The published schema says what the server sends: every answer in its envelope."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

APP_HEADER = OpenApiParameter(
    "X-Wechat-App",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Alias of the mini-program, where this server has more than one.",
    enum=["default"],
)
REFUSAL = {
    "type": "object",
    "required": ["code", "msg", "data"],
    "properties": {
        "code": {"type": "integer", "enum": [0, -1]},
        "msg": {"type": "string"},
        "data": {
            "type": "object",
            "required": ["error"],
            "properties": {"error": {"type": "string"}, "fields": {"type": "object"}},
        },
    },
}
STATUSES = {"400": "Unreadable", "405": "Method", "413": "Too large", "415": "Media type", "429": "Throttled"}
FAILURES = {"404": "Not found", "500": "Server error", "503": "WeChat or the database cannot be reached"}


class EnvelopeSchema(AutoSchema):
    def get_override_parameters(self) -> list[Any]:
        return [APP_HEADER]

    def _get_response_for_code(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        answer: dict[str, Any] = super()._get_response_for_code(*args, **kwargs)  # type: ignore[no-untyped-call]
        for content in answer.get("content", {}).values():
            content["schema"] = {"oneOf": [enveloped(content["schema"]), REFUSAL]}
        return answer

    def _get_response_bodies(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(*args, **kwargs)
        for status, description in (STATUSES | FAILURES).items():
            bodies.setdefault(
                status, {"description": description, "content": {"application/json": {"schema": REFUSAL}}}
            )
        return bodies


def enveloped(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["code", "msg", "data"],
        "properties": {"code": {"type": "integer", "const": 1}, "msg": {"type": "string"}, "data": data},
    }
