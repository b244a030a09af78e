"""What Prometheus reads at `/metrics`, where `METRICS_TOKEN` is set. Loaded only then.

Every label has few values, all of them ours: no address, no person, no path as a client wrote it. gunicorn's processes
each write to files of their own, which `gunicorn.conf.py` places, and whichever is asked answers for all of them.
"""

from __future__ import annotations

import hmac
import logging
import os
import time
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, values
from prometheus_client.metrics import Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from accounts.renewal import HEADER as RENEWED
from config.envelope import Envelope
from wechat.errors import CATALOGUE, PHONE
from wechat.watchers import watchers

Next = Callable[[HttpRequest], HttpResponse]

FILES = "PROMETHEUS_MULTIPROC_DIR"
# A process that replaces another goes on with its files; by process id they would become more with each recycling.
SLOT = "METRICS_SLOT"
if FILES in os.environ:
    # Whether or not a clean-up of old files has taken it away meanwhile.
    Path(os.environ[FILES]).mkdir(mode=0o700, exist_ok=True)
if SLOT in os.environ:
    values.ValueClass = values.MultiProcessValue(lambda: os.environ[SLOT])  # type: ignore[no-untyped-call]

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
API = ("accounts", "settings_app")
KNOWN_RESULTS = {"0", "unavailable", *(str(errcode) for errcode in (*CATALOGUE, *PHONE))}
WECHAT_APIS = {"jscode2session", "stable_token", "getuserphonenumber", "msg_sec_check"}

ANSWERS = Counter(
    "login_answers",
    "Answers by endpoint; outcome is logged_in, a next_step, done, or data.error.",
    ["endpoint", "status", "outcome"],
)
ANSWER_SECONDS = Histogram("login_answer_seconds", "From request to answer.", ["endpoint"], buckets=SECONDS)
TOKEN_CHECKS = Counter("login_token_checks", "Tokens looked at: accepted, owes_step or refused.", ["result"])
RENEWALS = Counter("login_token_renewals", "Tokens replaced before their end.")
WECHAT_SECONDS = Histogram(
    "login_wechat_call_seconds",
    "Calls to WeChat; result is an errcode (0 is good), other, or unavailable.",
    ["api", "result"],
    buckets=SECONDS,
)
WECHAT_SHED = Counter("login_wechat_shed", "Calls that were not made, because too many were in flight.")
IN_FLIGHT = Gauge("login_wechat_in_flight", "Calls that wait for WeChat, or for a slot.", multiprocess_mode="livesum")
ERRORS_LOGGED = Counter("login_errors_logged", "Lines of level ERROR and above.", ["logger"])

answers = lru_cache(maxsize=1024)(ANSWERS.labels)
answer_seconds = lru_cache(maxsize=256)(ANSWER_SECONDS.labels)
token_checks = lru_cache(maxsize=4)(TOKEN_CHECKS.labels)
wechat_seconds = lru_cache(maxsize=512)(WECHAT_SECONDS.labels)


def install() -> None:
    """Once for each process, when Django starts."""
    watchers.append(WechatMetrics())
    logging.getLogger().addHandler(CountErrors(logging.ERROR))


class WechatMetrics:
    def began(self) -> None:
        IN_FLIGHT.inc()

    def ended(self, api: str, result: str, seconds: float) -> None:
        IN_FLIGHT.dec()
        if result == "shed":
            WECHAT_SHED.inc()
        else:
            wechat_seconds(api if api in WECHAT_APIS else "other", known(result)).observe(seconds)


def known(result: str) -> str:
    """WeChat's errcodes are many, and a stand-in's endless."""
    return result if result in KNOWN_RESULTS else "other"


class CountErrors(logging.Handler):
    """So that an alarm can ring for whatever is written as an error: Redis away, a WeChat that is misconfigured."""

    def emit(self, record: logging.LogRecord) -> None:
        ERRORS_LOGGED.labels(record.name).inc()


class MetricsMiddleware:
    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        endpoint, outcome = endpoint_of(request), outcome_of(response)
        answers(endpoint, response.status_code, outcome).inc()
        answer_seconds(endpoint).observe(time.perf_counter() - started)
        count_token(request, response, outcome)
        return response


def count_token(request: HttpRequest, response: HttpResponse, outcome: str) -> None:
    if hasattr(request, "login"):
        token_checks("owes_step" if outcome == "not_logged_in" else "accepted").inc()
        if RENEWED in response.headers:
            RENEWALS.inc()
    elif outcome == "not_logged_in":
        token_checks("refused").inc()


def endpoint_of(request: HttpRequest) -> str:
    """The API's by name, the admin as one, everything else as another."""
    match = request.resolver_match
    if match is None:
        return "other"
    return str(match.url_name) if match.namespace in API else match.namespace or "other"


def outcome_of(response: HttpResponse) -> str:
    """Of an answer of the API; for anything else the status says it all."""
    data: Any = getattr(response, "data", None)
    if isinstance(data, Envelope):
        return str(data["data"].get("error", "done"))
    if not isinstance(data, dict):
        return ""
    return data.get("next_step", "done") or "logged_in"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever brings `METRICS_TOKEN`; a proxy to the internet should not pass this path on at all."""
    expected, sent = f"Bearer {settings.METRICS_TOKEN}", request.headers.get("Authorization", "")
    if not hmac.compare_digest(sent.encode(), expected.encode()):
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)


def registry() -> CollectorRegistry:
    if FILES not in os.environ:
        return REGISTRY
    found = CollectorRegistry()
    MultiProcessCollector(found)  # type: ignore[no-untyped-call]
    return found
