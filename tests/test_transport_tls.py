"""TLS to WeChat: no certificate is taken on trust, and the deadline holds there too."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests.adapters
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests import canary
from tests.host import Host, dripping, ending, response
from wechat import transport
from wechat.errors import WechatUnavailable


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed one for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "host.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def host(certificate: Path, settings: Any) -> Iterator[Host]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    created = Host(context)
    settings.WECHAT_API_BASE = created.base
    transport.session.cache_clear()
    yield created
    created.listener.close()
    transport.session.cache_clear()


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))


def get() -> dict[str, Any]:
    return transport.get("/sns/jscode2session", {"secret": canary.planted()[-1]})


def test_unknown_certificate_is_refused_before_anything_is_sent(host: Host) -> None:
    with pytest.raises(WechatUnavailable, match="SSLError"):
        get()

    assert host.requests == []


@pytest.mark.usefixtures("trusted")
def test_known_certificate_is_accepted(host: Host) -> None:
    assert get() == {"openid": "o1"}


@pytest.mark.usefixtures("trusted")
def test_authorities_are_read_once_and_not_for_each_connection(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    load = ssl.SSLContext.load_verify_locations

    def counting(context: ssl.SSLContext, *args: Any, **kwargs: Any) -> None:
        read.append(args or kwargs)
        load(context, *args, **kwargs)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counting)
    host.talk = ending(response(b'{"openid": "o1"}', "Connection: close"))

    assert [get(), get(), get()] == [{"openid": "o1"}] * 3
    assert host.connections == 3
    assert len(read) == 1


@pytest.mark.usefixtures("trusted")
def test_certificate_of_another_host_is_refused(host: Host, settings: Any) -> None:
    settings.WECHAT_API_BASE = host.base.replace("127.0.0.1", "localhost")

    with pytest.raises(WechatUnavailable, match="SSLError"):
        get()

    assert host.requests == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("at_once", [0, 40], ids=["headers", "body"])
def test_slow_drip_over_tls_ends_at_the_deadline(host: Host, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CALL_SECONDS", 0.8)
    host.talk = dripping(response(b" " * 100), at_once)

    started = time.monotonic()
    with pytest.raises(WechatUnavailable):
        get()

    assert 0.5 < time.monotonic() - started < 1.5
    assert host.connections == 1
