"""What `gunicorn config.wsgi` runs with; every value can be overridden on its command line.

Threads, because a login mostly waits for WeChat: more of them than `WECHAT_MAX_IN_FLIGHT`, so that a WeChat that hangs
leaves some for everything else.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

bind = os.environ.get("BIND", f"0.0.0.0:{os.environ.get('PORT', '8000')}")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "config.worker.Worker"
logger_class = "config.worker.Logger"
threads = int(os.environ.get("WEB_THREADS", "96"))
timeout = 30
graceful_timeout = 30
keepalive = 75
max_requests = 200_000
max_requests_jitter = 20_000
# A token that is far too long is answered by the application, in its envelope.
limit_request_field_size = 16_380
# Signals do what it offers, and two servers of one user would share its file.
control_socket_disable = True

# Where the processes write their metrics for one another, if they keep any: this server's alone, and the same one until
# it ends, also where this file is read again for a reload.
METRICS = "PROMETHEUS_MULTIPROC_DIR"
if not os.environ.get(METRICS, "").endswith(f"-{os.getpid()}"):
    folder = Path(tempfile.gettempdir()) / f"metrics-{secrets.token_hex(8)}-{os.getpid()}"
    os.environ[METRICS] = str(folder)


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Give the process the lowest number that no other process has."""
    taken = {other.slot for other in server.WORKERS.values()}
    worker.slot = next(number for number in range(len(taken) + 1) if number not in taken)


def post_fork(server: Arbiter, worker: Worker) -> None:
    os.environ["METRICS_SLOT"] = str(worker.slot)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """What a dead process had in flight is over; what it counted stays."""
    for file in Path(os.environ[METRICS]).glob(f"gauge_live*_{worker.slot}.db"):
        file.unlink()


def on_exit(server: Arbiter) -> None:
    shutil.rmtree(os.environ[METRICS], ignore_errors=True)


def post_worker_init(worker: Worker) -> None:
    """Keep threads free of calls to WeChat, however few the command line asks for."""
    free = 1 + worker.cfg.threads // 8
    settings.WECHAT_MAX_IN_FLIGHT = min(settings.WECHAT_MAX_IN_FLIGHT, max(1, worker.cfg.threads - free))


# A warning of Python's is a line of the log as any other: JSON, not two lines of text.
logging.captureWarnings(True)
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True, "qualname": "gunicorn.error"}},
}
