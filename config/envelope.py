"""Every JSON answer of the API is one object: `{"code": 1 | 0 | -1, "msg": text, "data": {}}`.

HTTP status is 200 for what the login system decided, because mini-program HTTP layers only run their success
interceptor on 2xx and the client's recovery hangs on `code`. What is not a decision keeps its real status.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from accounts.errors import NotLoggedIn, Refused
from wechat.errors import WechatError, WechatUnavailable

logger = logging.getLogger(__name__)

DONE, REFUSED, NOT_LOGGED_IN = 1, 0, -1
RETRY_SECONDS = 5


class Envelope(dict[str, Any]):
    """A finished answer, which the renderer leaves as it is."""


def done(data: Mapping[str, Any] | None, msg: str) -> Envelope:
    return Envelope(code=DONE, msg=msg, data=dict(data or {}))


def refused(error: str, msg: object, data: Mapping[str, Any] | None = None, *, code: int = REFUSED) -> Envelope:
    return Envelope(code=code, msg=str(msg), data={**(data or {}), "error": error})


class EnvelopeRenderer(JSONRenderer):
    """Wraps what a view returned; a view names its own success sentence in `message`."""

    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        if not isinstance(data, Envelope):
            view = (renderer_context or {}).get("view")
            data = done(data, str(getattr(view, "message", "") or _("Done")))
        return super().render(data, accepted_media_type, renderer_context)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's handler: no exception of a view leaves the envelope, an unforeseen one neither."""
    for kind, answer in ANSWERS:
        if isinstance(error, kind):
            response: Response = answer(error)
            return response
    logger.error("unhandled exception", exc_info=error)
    return answer_with(HTTPStatus.INTERNAL_SERVER_ERROR, "server_error", _("Something went wrong here."))


def answer_with(status: int, error: str, msg: object, *, retry_after: float | None = None) -> Response:
    headers = {} if retry_after is None else {"Retry-After": str(max(1, round(retry_after)))}
    return Response(refused(error, msg), status=status, headers=headers)


def not_logged_in(error: Exception) -> Response:
    return Response(refused(NotLoggedIn.slug, NotLoggedIn.message, code=NOT_LOGGED_IN))


def refusal(error: Refused) -> Response:
    fields = {"fields": {error.field: [str(error.message)]}} if error.field else {}
    return Response(refused(error.slug, error.message, {**error.data, **fields}))


def wechat_failure(error: WechatError) -> Response:
    if isinstance(error, WechatUnavailable):
        return answer_with(HTTPStatus.SERVICE_UNAVAILABLE, error.slug, error.message, retry_after=RETRY_SECONDS)
    return Response(refused(error.slug, error.message))


def invalid(error: exceptions.ValidationError) -> Response:
    """`data.fields` names the bad inputs, each with its sentences."""
    detail = error.detail if isinstance(error.detail, dict) else {}
    fields = {name: sentences(found) for name, found in detail.items()}
    first = next((texts[0] for texts in fields.values() if texts), _("The input is not valid."))
    return Response(refused("invalid_input", first, {"fields": fields}))


def sentences(found: Any) -> list[str]:
    """The sentences of DRF's nested error details, flat."""
    if isinstance(found, str):
        return [str(found)]
    parts = found.values() if isinstance(found, dict) else found
    return [text for part in parts for text in sentences(part)]


def unreadable(error: Exception) -> Response:
    return Response(refused("invalid_input", _("The request body could not be read."), {"fields": {}}))


def too_large(error: Exception) -> Response:
    return answer_with(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "invalid_input", _("The request body is too large."))


def database_away(error: Exception) -> Response:
    logger.error("database unavailable: %s", type(error).__name__)
    return unavailable()


def unavailable() -> Response:
    text = _("The service is not available at the moment. Please try again.")
    return answer_with(HTTPStatus.SERVICE_UNAVAILABLE, "server_error", text, retry_after=RETRY_SECONDS)


def throttled(error: exceptions.Throttled) -> Response:
    text = _("Too many attempts. Please wait a moment and try again.")
    return answer_with(HTTPStatus.TOO_MANY_REQUESTS, "throttled", text, retry_after=getattr(error, "wait", None) or 1)


def not_found(error: Exception) -> Response:
    return answer_with(HTTPStatus.NOT_FOUND, "not_found", _("There is nothing here."))


def method_not_allowed(error: exceptions.MethodNotAllowed) -> Response:
    return answer_with(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", _("This method is not allowed here."))


def unsupported(error: Exception) -> Response:
    text = _("Send JSON, or a form.")
    return answer_with(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "invalid_input", text)


ANSWERS: list[tuple[type[Exception] | tuple[type[Exception], ...], Any]] = [
    (Refused, refusal),
    (WechatError, wechat_failure),
    ((exceptions.NotAuthenticated, exceptions.AuthenticationFailed), not_logged_in),
    ((exceptions.PermissionDenied, PermissionDenied), not_logged_in),
    (exceptions.ValidationError, invalid),
    (exceptions.ParseError, unreadable),
    ((exceptions.NotFound, Http404), not_found),
    (exceptions.MethodNotAllowed, method_not_allowed),
    (exceptions.UnsupportedMediaType, unsupported),
    (exceptions.Throttled, throttled),
    (RequestDataTooBig, too_large),
    (SuspiciousOperation, unreadable),
    ((OperationalError, InterfaceError), database_away),
]


def json_answer(response: Response) -> JsonResponse:
    """The same answer where no DRF view is at hand (middleware, Django's own error pages)."""
    headers = {name: value for name, value in response.headers.items() if name != "Content-Type"}
    answer = JsonResponse(
        response.data, status=response.status_code, headers=headers, json_dumps_params={"ensure_ascii": False}
    )
    # CommonMiddleware does not see what is answered outside it, and without a length it would go out in chunks.
    answer.headers["Content-Length"] = str(len(answer.content))
    return answer
