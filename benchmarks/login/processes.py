"""Servers as processes of their own, and the CPU time that they take with all that they start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, of its living children, and of those that it has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS + sum(cpu_seconds(int(child)) for child in children)


@dataclass(frozen=True)
class Server:
    name: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def cpu(self) -> float:
        return cpu_seconds(self.process.pid)


def command(name: str, port: int) -> list[str]:
    """How each is started; ours as the README says. The others get the same processes and threads."""
    plain = [str(BIN / "gunicorn"), "--config", str(ROOT / "benchmarks/login/plain_gunicorn.py")]
    return {
        "ours": [str(BIN / "gunicorn"), "config.wsgi"],
        "granian": [
            *(str(BIN / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", "2", "--blocking-threads", "96", "--log-level", "warning", "config.wsgi:application"),
        ],
        "floor": [*plain, "benchmarks.login.floor"],
        "tutorial": [*plain, "benchmarks.login.tutorial.wsgi"],
        "fastapi": [
            *(str(BIN / "uvicorn"), "--host", "127.0.0.1", "--port", str(port), "--workers", "2"),
            *("--log-level", "warning", "benchmarks.login.fastapi_peer:application"),
        ],
    }[name]


@contextmanager
def serving(name: str, env: Mapping[str, str], log: IO[bytes]) -> Iterator[Server]:
    port = free_port()
    with subprocess.Popen(
        command(name, port), cwd=ROOT, env={**env, "BIND": f"127.0.0.1:{port}"}, stdout=log, stderr=log
    ) as process:
        try:
            wait_for(port, process)
            yield Server(name, port, process)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} does not serve")


@contextmanager
def telling_its_port(arguments: list[str], env: Mapping[str, str]) -> Iterator[int]:
    """A process of ours that prints the port it serves at."""
    with subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield int(process.stdout.readline())  # type: ignore[union-attr]
        finally:
            process.terminate()


@contextmanager
def redis() -> Iterator[str]:
    """A Redis of the benchmark's own that keeps nothing."""
    port = free_port()
    with subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for(port, process)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
