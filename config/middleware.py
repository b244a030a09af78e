"""What surrounds every request: its id and log line, the limits on its body, the headers of its answer."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers

from accounts.origin import client_address
from config import envelope
from config.hurry import hurried
from config.logs import current_request_id
from config.overload import overloaded

logger = logging.getLogger("config.access")

Next = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
TOKEN_HEADERS = ("Authorization", "token")
JSON_BYTES = 64 * 1024
PROBED = ("/healthz", "/readyz", "/metrics")
UPLOAD_BYTES = 5 * 1024 * 1024 + JSON_BYTES
DRAINED_BYTES = 16 * 1024 * 1024


class RequestMiddleware:
    """Give the request an id (the proxy's, if it sent a sane one), put it on the answer, write one line about it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request_id = request.META["REQUEST_ID"] = self.request_id(request)
        token = current_request_id.set(request_id)
        # Here, because what is answered before LanguageMiddleware would speak the last visitor's language.
        translation.activate(translation.get_language_from_request(request))
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = request_id
            self.log(request, response, time.perf_counter() - started)
            return response
        finally:
            current_request_id.reset(token)

    def request_id(self, request: HttpRequest) -> str:
        sent = request.headers.get("X-Request-ID", "")
        return sent if REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex

    def log(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        body = getattr(response, "data", None)
        data = body.get("data") if isinstance(body, envelope.Envelope) else None
        logger.info(
            "%s %s",
            request.method,
            request.path,
            extra={
                "status": response.status_code,
                "ms": round(seconds * 1000, 1),
                "address": client_address(request),
                "error": data.get("error", "") if isinstance(data, dict) else "",
            },
        )


def drain(request: HttpRequest) -> None:
    """Throw away what a client sends on after its answer, because it would find a broken connection first."""
    while request.read(JSON_BYTES):
        pass


class ApiMiddleware:
    """Answers of the API are never cached and differ by token; what is too much is refused before it is kept."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/api/"):
            return self.get_response(request)
        with hurried():
            response = self.too_much() or self.too_large(request) or self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        patch_vary_headers(response, TOKEN_HEADERS)
        return response

    def too_much(self) -> HttpResponse | None:
        return envelope.json_answer(envelope.unavailable()) if overloaded() else None

    def too_large(self, request: HttpRequest) -> HttpResponse | None:
        limit = UPLOAD_BYTES if request.path_info.startswith("/api/upload/") else JSON_BYTES
        length = request.META.get("CONTENT_LENGTH") or "0"
        size = int(length) if length.isascii() and length.isdigit() else DRAINED_BYTES + 1
        if size <= limit:
            return None
        answer = envelope.json_answer(envelope.too_large(ValueError(length)))
        if size <= DRAINED_BYTES:
            answer._resource_closers.append(partial(drain, request))  # type: ignore[attr-defined]
        return answer


class LanguageMiddleware(LocaleMiddleware):
    """Django's, for an answer's headers; the language has been chosen for every request already."""

    def process_request(self, request: HttpRequest) -> None:
        request.LANGUAGE_CODE = translation.get_language()


class HostMiddleware(CommonMiddleware):
    """Django's, which believes no foreign Host; but an orchestrator and Prometheus ask a process by its address."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        return None if request.path_info in PROBED else super().process_request(request)


class ContentSecurityPolicyMiddleware:
    """Django 6 has this built in under the same setting; with it this class goes."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.policy = "; ".join(f"{name} {' '.join(sources)}" for name, sources in settings.SECURE_CSP.items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response
