"""Processes that a test starts and may kill: the product as it is documented, and throwaway servers behind it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psycopg

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
START_SECONDS = 30.0


def free_port() -> int:
    """Not one of those that clients are given: somebody who knocks at a dead server's would own it one day."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


def wait_until(condition: Callable[[], object], seconds: float = START_SECONDS) -> float:
    """How long it took; fails after so many seconds."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"still waiting after {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - started


def children(pid: int) -> list[int]:
    """Its processes one level down, as Linux lists them."""
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def lives(pid: int) -> bool:
    """Not if it only waits for somebody to ask how it ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


class Server:
    """A process with its children, and the file that it writes its log to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.log = folder / f"{type(self).__name__.lower()}-{self.port}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull}

    def options(self) -> dict[str, Any]:
        return {"cwd": ROOT}

    def spawn(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(), stdout=log, stderr=log, **self.options()
            )

    def start(self) -> None:
        self.spawn()
        wait_until(lambda: self.answers() or self.ended())

    def ended(self) -> bool:
        assert self.process is None or self.process.poll() is None, self.log.read_text()[-3000:]
        return False

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        """To all of it; the parent first, so that it starts nobody in place of those who end."""
        for pid in (self.pid, *children(self.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def ask_to(self, number: signal.Signals) -> None:
        """Tell the parent, as a supervisor or an operator does."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9, parent and children; the parent is stopped first, so that it starts nobody meanwhile."""
        assert self.process
        os.kill(self.pid, signal.SIGSTOP)
        found = children(self.pid)
        self.signal(signal.SIGKILL)
        self.process.wait()
        wait_until(lambda: not any(map(lives, found)))

    def stop(self) -> None:
        """Asked first, since who is killed leaves shared memory and files behind."""
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.ask_to(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
                return
            self.kill()

    def hang(self) -> None:
        """It accepts connections, as the kernel does that for it, and answers nothing."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)


class PostgreSQL(Server):
    """A cluster of its own; the server refuses to run as root, so root runs it as the packaged user."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.data = folder / "postgresql"
        self.user = "postgres" if os.geteuid() == 0 else None
        self.data.mkdir(mode=0o700)
        if self.user:
            shutil.chown(self.data, self.user)
        subprocess.run(
            [program("initdb"), "-D", self.data, "-U", "postgres", "-A", "trust", "--locale=C.UTF-8", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            **self.options(),
        )

    def options(self) -> dict[str, Any]:
        return {"cwd": "/", "user": self.user} if self.user else {"cwd": "/"}

    def command(self) -> list[str]:
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        given = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [program("postgres"), "-D", str(self.data), *given]

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=2) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


def program(name: str) -> str:
    """One of PostgreSQL's, which Debian keeps out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")) or [shutil.which(name)]
    assert found[-1], f"{name} is not installed"
    return str(found[-1])


class Redis(Server):
    def command(self) -> list[str]:
        return [
            "redis-server",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as sock:
            sock.sendall(b"PING\r\n")
            return sock.recv(16).startswith(b"+PONG")
        return False


class Wechat(Server):
    """The simulator, alone; faults are set over HTTP."""

    APPID, SECRET = "wx3333333333333333", secrets.token_hex(16)

    def command(self) -> list[str]:
        app = f"{self.APPID}:{self.SECRET}"
        return [sys.executable, "-m", "wechat.simulator", "--port", str(self.port), "--app", app]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(self.control("calls"))
        return False

    def control(self, path: str, given: dict[str, Any] | None = None, method: str | None = None) -> Any:
        body = None if given is None else json.dumps(given).encode()
        with urlopen(Request(f"{self.url}/_control/{path}", body, method=method), timeout=5) as answer:
            return json.load(answer)

    def fault(self, kind: str, **details: Any) -> None:
        self.control("faults", {"kind": kind, **details})

    def heal(self) -> None:
        self.control("faults", method="DELETE")

    def calls(self, path: str = "/sns/jscode2session") -> int:
        return int(self.control("calls")["calls"].get(path, 0))


class Gunicorn(Server):
    """`gunicorn config.wsgi` with the settings of a production, from the environment or from the file `.env`."""

    def __init__(self, folder: Path, given: dict[str, str]) -> None:
        super().__init__(folder)
        self.given = {
            "BIND": f"127.0.0.1:{self.port}",
            "WEB_CONCURRENCY": "2",
            "ALLOWED_HOSTS": "127.0.0.1",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "JWT_SIGNING_KEY": secrets.token_urlsafe(48),
            "WECHAT_APPID": Wechat.APPID,
            "WECHAT_SECRET": Wechat.SECRET,
            "LOGIN_PER_MINUTE": "0",
            "MEDIA_ROOT": str(folder / "media"),
            **given,
        }

    def environment(self) -> dict[str, str]:
        return {name: value for name, value in {**super().environment(), **self.given}.items() if value}

    def command(self) -> list[str]:
        return [str(BIN / "gunicorn"), "config.wsgi"]

    def answers(self) -> bool:
        with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1):
            return len(self.workers()) == int(self.given["WEB_CONCURRENCY"])
        return False

    def workers(self) -> list[int]:
        return children(self.pid)

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        finished = subprocess.run(command, env=self.environment(), capture_output=True, text=True, cwd=ROOT)
        assert finished.returncode == 0, finished.stderr[-3000:]
        return finished.stdout

    def logged(self) -> list[dict[str, Any]]:
        """What it wrote as JSON, requests without their own lines."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["logger"] != "config.access"]
