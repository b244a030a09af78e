"""A development server with an empty database and a WeChat of its own, for as long as a command runs.

    python -m tests.miniprogram.stage node --test miniprogram/e2e/

The command finds the server's address in SERVER, the simulator's in SIMULATOR, and in STAGE where what no client can do
is asked for by POST, with JSON: `switches`, `person` (what staff or time does to an account), `server` (up or down).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
APPID, SECRET = "wx0123456789abcdef", "0123456789abcdef" * 2
PATIENCE_SECONDS = 60


def free_port() -> int:
    with create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Server:
    """`manage.py runserver`, which can be taken away and brought back at the same address."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def up(self) -> None:
        if self.answers():
            return
        command = [sys.executable, "manage.py", "runserver", "--noreload", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"The development server does not start:\n{self.log.read_text()}")
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=PATIENCE_SECONDS):
                return True
        except OSError:
            return False

    def down(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


def set_switches(switches: dict[str, bool]) -> None:
    """Those not named go back to their defaults."""
    from settings_app.models import LoginSettings

    LoginSettings.objects.filter(pk=1).delete()
    LoginSettings.objects.create(pk=1, **switches)


def change(name: str, what: str) -> dict[str, str]:
    """What befalls the account of a person, at once."""
    from accounts.models import User
    from accounts.session import raise_token_version
    from accounts.tokens import LoginToken
    from wechat.simulator.people import openid_of

    user = User.objects.get(openids__appid=APPID, openids__openid=openid_of(APPID, name))
    if what == "expired_token":
        token = LoginToken.issue(user, pending=False)
        token.set_exp(lifetime=timedelta(hours=-1))
        return {"token": str(token)}
    if what == "disable":
        User.objects.filter(pk=user.pk).update(is_active=False)
    raise_token_version(user)
    return {}


class Control(BaseHTTPRequestHandler):
    server_of_ours: Server

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(self.act(self.path.strip("/"), asked) or {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def act(self, path: str, asked: dict[str, Any]) -> dict[str, str] | None:
        if path == "switches":
            return set_switches(asked)
        if path == "person":
            return change(**asked)
        return self.server_of_ours.up() if asked["up"] else self.server_of_ours.down()

    def log_message(self, *args: Any) -> None:
        pass


def settings(folder: str, server: Server, simulator: str) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENV_FILE": os.devnull,
        "DEBUG": "1",
        "WECHAT_SIMULATOR": "1",
        "WECHAT_APPID": APPID,
        "WECHAT_SECRET": SECRET,
        "WECHAT_API_BASE": simulator,
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "REDIS_URL": "",
        "MEDIA_ROOT": f"{folder}/media",
        "LOGIN_PER_MINUTE": "0",
        "LOG_LEVEL": "ERROR",
        "PORT": str(server.port),
    }


def main(command: list[str]) -> int:
    from wechat.simulator.app import App
    from wechat.simulator.threaded import running

    # Else what it started would outlive it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with (
        tempfile.TemporaryDirectory() as folder,
        running(apps=[App(APPID, SECRET)]) as simulator,
        ThreadingHTTPServer(("127.0.0.1", 0), Control) as control,
    ):
        server = Control.server_of_ours = Server(Path(folder, "server.log"))
        stage = f"http://127.0.0.1:{control.server_port}"
        surroundings = os.environ | {"SERVER": server.url, "SIMULATOR": simulator.base_url, "STAGE": stage}
        os.environ |= settings(folder, server, simulator.base_url)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        threading.Thread(target=control.serve_forever, daemon=True).start()
        try:
            server.up()
            status = subprocess.call(command, cwd=ROOT, env=surroundings)
            if status:
                sys.stderr.write(f"What the server said:\n{server.log.read_text()}")
            return status
        finally:
            server.down()
            control.shutdown()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
