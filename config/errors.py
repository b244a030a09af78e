"""What Django answers outside a DRF view: the envelope under `/api/`, a plain page elsewhere."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults

from config import envelope


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A host that is not ours, a path or form that cannot be read."""
    if not is_api(request):
        return defaults.bad_request(request, exception)
    text = _("The request could not be read.")
    return envelope.json_answer(envelope.answer_with(HTTPStatus.BAD_REQUEST, "invalid_input", text))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not is_api(request):
        return defaults.page_not_found(request, exception)
    return envelope.json_answer(envelope.not_found(exception))


def server_error(request: HttpRequest) -> HttpResponse:
    if not is_api(request):
        return defaults.server_error(request)
    text = _("Something went wrong here.")
    return envelope.json_answer(envelope.answer_with(HTTPStatus.INTERNAL_SERVER_ERROR, "server_error", text))
