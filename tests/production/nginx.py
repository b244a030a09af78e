"""nginx with the files of `deploy/nginx`, of which only what the file itself says is to be changed is changed."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import socket
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.production.load import PATIENCE, Client, Lost, Phone, connections
from tests.production.servers import ROOT, Gunicorn, Server, free_port

NAME = "login.example.com"
# Of connections from one address, in place of 256: a test opens them all.
CONNECTIONS = 32


class Nginx(Server):
    def __init__(self, folder: Path, servers: Sequence[Gunicorn], media: Path) -> None:
        super().__init__(folder)
        self.plain_port = free_port()
        self.home = folder / f"nginx-{self.port}"
        self.home.mkdir()
        self.certificate = self.home / "fullchain.pem"
        self.make_certificate()
        self.write("login-proxy.conf", {})
        self.write("login.conf", self.changes(servers, media))
        self.write("nginx.conf", self.paths())

    def changes(self, servers: Sequence[Gunicorn], media: Path) -> dict[str, str]:
        names = zip(("web-a:8000", "web-b:8000"), servers, strict=True)
        return {
            "listen 80 ": f"listen 127.0.0.1:{self.plain_port} ",
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "/etc/nginx/tls": str(self.home),
            "/etc/nginx/login-proxy.conf": str(self.home / "login-proxy.conf"),
            "/srv/media/avatars/": f"{media / 'avatars'}/",
            "limit_conn login_connections 256": f"limit_conn login_connections {CONNECTIONS}",
            **{name: f"127.0.0.1:{server.port}" for name, server in names},
        }

    def paths(self) -> dict[str, str]:
        """Where somebody who is not root may write."""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f" {kind}_temp_path {self.home / kind};" for kind in kinds)
        return {
            "/var/run/nginx.pid": str(self.home / "nginx.pid"),
            "/etc/nginx/conf.d/*.conf": str(self.home / "login.conf"),
            "sendfile on;": f"sendfile on;{temporary}",
        }

    def write(self, name: str, changes: dict[str, str]) -> None:
        text = (ROOT / "deploy/nginx" / name).read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        (self.home / name).write_text(text, encoding="utf-8")

    def make_certificate(self) -> None:
        subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
        files = ["-keyout", str(self.home / "privkey.pem"), "-out", str(self.certificate)]
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        subprocess.run([*command, "-days", "2", *subject, *files], check=True, capture_output=True)

    def command(self) -> list[str]:
        program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        assert program, "nginx is not installed"
        given = "daemon off;" if self.home.owner() != "root" else "daemon off; user root;"
        return [program, "-p", str(self.home), "-c", str(self.home / "nginx.conf"), "-g", given]

    def answers(self) -> bool:
        with contextlib.suppress(Lost):
            return self.client().ask("GET", "/healthz").status > 0
        return False

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def client(self, address: str = "127.0.0.1") -> Client:
        return TlsClient(self.port, self.context(), address)

    def phone(self, person: str, address: str = "127.0.0.1") -> Phone:
        """A phone at this address: the whole of 127.0.0.0/8 is the loopback."""
        phone = Phone(self.port, person)
        phone.client = self.client(address)
        return phone


class TlsClient(Client):
    """Asks for the server by its name."""

    def __init__(self, port: int, context: ssl.SSLContext, address: str) -> None:
        super().__init__(port)
        self.connection = Connection(port, context, address)
        connections.append(self.connection)


class Connection(http.client.HTTPConnection):
    default_port = 443

    def __init__(self, port: int, context: ssl.SSLContext, address: str) -> None:
        super().__init__(NAME, timeout=PATIENCE)
        self.place, self.context, self.address = ("127.0.0.1", port), context, address

    def connect(self) -> None:
        sock = socket.create_connection(self.place, self.timeout, source_address=(self.address, 0))
        self.sock = self.context.wrap_socket(sock, server_hostname=NAME)
