"""A PostgreSQL of the benchmark's own: default settings, nobody else's queries in its CPU time, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

START_SECONDS = 30


@dataclass(frozen=True)
class Postgres:
    pid: int
    port: int

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def programs() -> Path:
    """Where initdb and postgres are; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not places:
        raise SystemExit("PostgreSQL's server programs are needed: install postgresql.")
    return places[-1]


def wait_for(server: Postgres) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(server.url("postgres")).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Started by root, it runs as the user `postgres`, because it refuses to run as root."""
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="login-benchmark-") as folder:
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        data, port = f"{folder}/data", free_port()
        made = [programs() / "initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder)
        command = [programs() / "postgres", "-D", data, "-k", folder, "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
        with (
            open(f"{folder}/log", "wb") as log,
            subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd=folder) as server,
        ):
            try:
                wait_for(Postgres(server.pid, port))
                yield Postgres(server.pid, port)
            finally:
                server.send_signal(2)
                server.wait(30)
