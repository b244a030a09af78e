"""One WSGI application in a process of its own, asked without a server in between.

`python -m benchmarks.login.block module[:name] login|info`. Reads `<calls>` from standard input, line by line, makes
so many calls and writes the microseconds of CPU that each took.
"""

from __future__ import annotations

import importlib
import io
import itertools
import json
import os
import sys
import time
from typing import Any

PEOPLE = int(os.environ.get("PEOPLE", "1000"))
numbers = itertools.count()
BASE: dict[str, Any] = {
    "SERVER_NAME": "testserver",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "203.0.113.9",
    "SCRIPT_NAME": "",
    "QUERY_STRING": "",
    "HTTP_HOST": "testserver",
    "HTTP_USER_AGENT": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) MicroMessenger/8.0.60 NetType/WIFI",
    "HTTP_ACCEPT_LANGUAGE": "zh-CN,zh;q=0.9",
    "HTTP_ACCEPT": "*/*",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


def call(application: Any, **environ: Any) -> dict[str, Any]:
    status: list[str] = []
    answer = application({**BASE, **environ}, lambda text, *_: status.append(text))
    body = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    found: dict[str, Any] = json.loads(body)
    if status != ["200 OK"] or found.get("code", 1) != 1:
        raise RuntimeError(f"{status} {body[:300]!r}")
    return found


def login(application: Any) -> dict[str, Any]:
    number = next(numbers)
    body = b'{"code": "p%d-%d-%d"}' % (1 + number * 7919 % PEOPLE, os.getpid(), number)
    return call(
        application,
        REQUEST_METHOD="POST",
        PATH_INFO="/api/login/silentLogin",
        CONTENT_TYPE="application/json",
        CONTENT_LENGTH=str(len(body)),
        **{"wsgi.input": io.BytesIO(body)},
    )


def info(application: Any) -> dict[str, Any]:
    return call(
        application,
        REQUEST_METHOD="GET",
        PATH_INFO="/api/user/info",
        CONTENT_LENGTH="",
        HTTP_AUTHORIZATION=f"Bearer {os.environ['TOKEN']}",
        **{"wsgi.input": io.BytesIO(b"")},
    )


def main() -> None:
    module, _colon, name = sys.argv[1].partition(":")
    application = getattr(importlib.import_module(module), name or "application")
    work = {"login": login, "info": info}[sys.argv[2]]
    for line in sys.stdin:
        calls = int(line)
        started = time.process_time()
        for _call in range(calls):
            work(application)
        print((time.process_time() - started) / calls * 1e6, flush=True)


if __name__ == "__main__":
    main()
