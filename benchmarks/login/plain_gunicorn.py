"""gunicorn for those that are compared with: as many processes and threads as `gunicorn.conf.py` gives to ours."""

from __future__ import annotations

import os

bind = os.environ["BIND"]
workers = 2
worker_class = "gthread"
threads = 96
keepalive = 75
