"""A PostgreSQL of the benchmark's own: nobody else's queries are in its CPU time, and it is gone at the end.

Default settings, but for connections enough for all the servers that are compared.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.login.processes import cpu_seconds, free_port

START_SECONDS = 30


@dataclass(frozen=True)
class Postgres:
    pid: int
    port: int

    @property
    def cpu(self) -> float:
        return cpu_seconds(self.pid)

    def create(self, database: str) -> str:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self.url(database)

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"


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
        made = ["--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8"]
        subprocess.run([programs() / "initdb", *made], check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "max_connections": 400,
        }
        command = [programs() / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())]
        with (
            Path(folder, "log").open("wb") as log,
            subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd=folder) as server,
        ):
            try:
                wait_for(Postgres(server.pid, port))
                yield Postgres(server.pid, port)
            finally:
                server.send_signal(2)
                server.wait(30)
