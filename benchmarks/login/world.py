"""What every measurement needs: PostgreSQL and Redis of its own, people in them, a WeChat, and the environment."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import certifi
import trustme

from benchmarks import data
from benchmarks.login.postgres import Postgres, postgres
from benchmarks.login.processes import ROOT, Server, redis, serving, telling_its_port

# No limit is met, but each login is counted.
NO_LIMIT = "1000000000"


@dataclass
class World:
    postgres: Postgres
    env: dict[str, str]
    wechat: int
    wechat_tls: int
    people: int
    log: IO[bytes]

    def database(self, users: int) -> str:
        return self.postgres.url(f"login_{users}")

    def over_tls(self) -> dict[str, str]:
        """WeChat at https, trusted by all alike, among as many authorities as in real life."""
        path = os.pathsep.join([str(ROOT / "benchmarks/login/trust"), str(ROOT)])
        return {**self.env, "WECHAT_API_BASE": f"https://127.0.0.1:{self.wechat_tls}", "PYTHONPATH": path}

    def run(self, *arguments: str, **env: str) -> str:
        """The output of a Python process of ours."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env={**self.env, **env}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{arguments} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return done.stdout

    @contextmanager
    def serving(self, *names: str, env: dict[str, str] | None = None) -> Iterator[list[Server]]:
        with ExitStack() as stack:
            yield [stack.enter_context(serving(name, env or self.env, self.log)) for name in names]

    def ask_wechat(self, path: str, *, tls: bool = False) -> Any:
        if tls:
            import ssl

            trusted = ssl.create_default_context(cafile=self.env["WECHAT_CA_BUNDLE"])
            address = f"https://127.0.0.1:{self.wechat_tls}{path}"
            with urllib.request.urlopen(address, timeout=10, context=trusted) as answer:
                return json.load(answer)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.wechat}{path}", timeout=10) as answer:
            return json.load(answer)

    def wechat_takes(self, seconds: float) -> None:
        self.ask_wechat(f"/latency?{seconds}")
        self.ask_wechat(f"/latency?{seconds}", tls=True)


def certificates(folder: Path) -> tuple[Path, Path]:
    """A certificate with its key for 127.0.0.1, and all of certifi's authorities with the one that signed it."""
    authority = trustme.CA()
    own, bundle = folder / "wechat.pem", folder / "authorities.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(own)
    bundle.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    return own, bundle


@contextmanager
def world(people: int) -> Iterator[World]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="login-benchmark-")))
        own, bundle = certificates(folder)
        server = stack.enter_context(postgres())
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "ENV_FILE": os.devnull,
            "DATABASE_URL": server.url(f"login_{people}"),
            "TUTORIAL_DATABASE_URL": server.create("tutorial"),
            "REDIS_URL": stack.enter_context(redis()),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "JWT_SIGNING_KEY": secrets.token_urlsafe(48),
            "ALLOWED_HOSTS": "testserver,127.0.0.1",
            "WECHAT_APPID": data.APPID,
            "WECHAT_SECRET": secrets.token_hex(16),
            "WECHAT_CA_BUNDLE": str(bundle),
            "LOGIN_PER_MINUTE": NO_LIMIT,
        }
        wechat = stack.enter_context(telling_its_port(["benchmarks.login.wechat"], env))
        tls = stack.enter_context(telling_its_port(["benchmarks.login.wechat", "--tls", str(own)], env))
        env["WECHAT_API_BASE"] = f"http://127.0.0.1:{wechat}"
        log = stack.enter_context((folder / "servers.log").open("ab"))
        made = World(server, env, wechat, tls, people, log)
        try:
            yield made
        except Exception:
            print(tail(folder / "servers.log"), file=sys.stderr)
            raise


def tail(path: Path) -> str:
    """The last that the servers said, without the lines about requests."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([line for line in lines if '"config.access"' not in line][-30:])
