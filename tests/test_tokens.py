"""Only a token that this server signed, in the one spelling it was given out in, is a token; everything else is -1."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone

from accounts.tokens import ALGORITHM, AUDIENCE, ISSUER, kid_of
from tests.conftest import Phone

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
REFUSAL = {"code": -1, "msg": "Please log in first.", "data": {"error": "not_logged_in"}}


def b64(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    header, payload, signature = token.split(".")
    return (
        json.loads(base64.urlsafe_b64decode(header + "==")),
        json.loads(base64.urlsafe_b64decode(payload + "==")),
        signature,
    )


def signed(
    token: str, *, header: dict[str, Any] | None = None, key: str = "", algorithm: str = ALGORITHM, **claims: Any
) -> str:
    """The token again with other claims, signed with our own key; a claim of None is left out."""
    from django.conf import settings

    payload = {name: value for name, value in {**parts(token)[1], **claims}.items() if value is not None}
    ours = settings.JWT_SIGNING_KEYS[0]
    headers = {"kid": kid_of(ours), **(header or {})}
    return jwt.encode(payload, key or ours, algorithm=algorithm, headers=headers)


def asks_with(phone: Phone, token: str) -> dict[str, Any]:
    """The whole answer to somebody who asks for the profile with this token, in either header."""
    answers = []
    for headers in ({"token": token}, {"Authorization": f"Bearer {token}"}):
        response = phone.client.get("/api/user/info", headers={"Accept-Language": "en", **headers})
        assert response.status_code == 200
        answers.append(response.json())
    assert answers[0] == answers[1]
    return answers[0]  # type: ignore[no-any-return]


@pytest.fixture
def token(alice: Phone) -> str:
    return alice.complete().token


def test_token_opens_the_profile_in_either_header(alice: Phone, token: str) -> None:
    assert asks_with(alice, token)["data"]["nickname"] == "Alice"


def test_scheme_is_read_in_any_case(alice: Phone, token: str) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        response = alice.client.get("/api/user/info", headers={"Authorization": f"{scheme} {token}"})
        assert response.json()["code"] == 1


@pytest.mark.parametrize(
    "authorization", ["Basic cHJveHk6cHJveHk=", "Digest username=proxy", "", "Bearer", "Negotiate x"]
)
def test_authorization_of_a_proxy_does_not_hide_the_other_header(alice: Phone, token: str, authorization: str) -> None:
    headers = {"Authorization": authorization, "token": token}
    assert alice.client.get("/api/user/info", headers=headers).json()["code"] == 1


@pytest.mark.parametrize("authorization", ["Bearer undefined", "Bearer null", "Bearer x.y.z", "Bearer {stale}"])
def test_authorization_without_a_usable_token_does_not_hide_the_other_header(
    alice: Phone, token: str, authorization: str
) -> None:
    """-1 means that there is no usable token, and here is one."""
    authorization = authorization.replace("{stale}", signed(token, exp=1))
    headers = {"Authorization": authorization, "token": token}
    assert alice.client.get("/api/user/info", headers=headers).json()["code"] == 1
    assert alice.client.get("/api/user/info", headers={"Authorization": authorization}).json() == {
        **REFUSAL,
        "msg": "请先登录",
    }


def test_authorization_comes_first_where_both_headers_hold_a_usable_token(alice: Phone, bob: Phone) -> None:
    headers = {"Authorization": f"Bearer {alice.complete().token}", "token": bob.complete().token}
    assert alice.client.get("/api/user/info", headers=headers).json()["data"]["nickname"] == "Alice"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 10**30},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": []},
        {"exp": "x"},
        {"sub": "1\x00"},
        {"sub": "\ud800"},
        {"sub": "9" * 500},
        {"sub": ["1"]},
        {"sub": {"a": 1}},
        {"iat": []},
        {"nbf": float("inf")},
        {"ver": []},
        {"ver": 10**40},
    ],
    ids=str,
)
def test_claims_of_the_wrong_kind_are_refused_even_if_we_signed_them(
    alice: Phone, token: str, claims: dict[str, Any]
) -> None:
    assert asks_with(alice, signed(token, **claims)) == REFUSAL


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "HS257", None, 7, ["HS256"]])
@pytest.mark.parametrize("signature", ["", "keep", "AAAA"])
def test_no_algorithm_but_ours_is_believed(alice: Phone, token: str, algorithm: Any, signature: str) -> None:
    header, payload, kept = parts(token)
    forged = f"{b64({**header, 'alg': algorithm})}.{b64(payload)}.{kept if signature == 'keep' else signature}"
    assert asks_with(alice, forged) == REFUSAL


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_our_own_key_with_another_algorithm_is_refused(alice: Phone, token: str, algorithm: str) -> None:
    assert asks_with(alice, signed(token, algorithm=algorithm)) == REFUSAL


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_key_pair_of_the_attacker_is_refused(alice: Phone, token: str, algorithm: str) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    numbers = private.public_key().public_numbers()
    jwk = {"kty": "RSA", "alg": algorithm, "n": b64(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
    assert asks_with(alice, signed(token, key=pem, algorithm=algorithm)) == REFUSAL
    assert asks_with(alice, signed(token, key=pem, algorithm=algorithm, header={"jwk": jwk})) == REFUSAL


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "/etc/passwd",
        "' OR 1=1 --",
        "x' UNION SELECT 'secret' --",
        "",
        "\x00",
        "0" * 200,
        None,
        0,
        1.5,
        True,
        [],
        ["a"],
        {},
        {"kid": "a"},
    ],
)
@pytest.mark.parametrize("key", ["", "secret", "keep"])
def test_kid_leads_to_our_keys_only(alice: Phone, token: str, kid: Any, key: str) -> None:
    header, payload, kept = parts(token)
    first = f"{b64({**header, 'kid': kid})}.{b64(payload)}"
    signature = (
        kept
        if key == "keep"
        else b64(jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(first.encode(), key.encode()))
    )
    assert asks_with(alice, f"{first}.{signature}") == REFUSAL


@pytest.mark.parametrize(
    "extra",
    [
        {"jwk": {"kty": "oct", "k": b64(b"attacker" * 8)}},
        {"jku": "{evil}/jwks.json"},
        {"x5u": "{evil}/cert.pem"},
        {"x5c": ["MIIB"]},
        {"jku": "file:///etc/passwd"},
        {"crit": ["exp"]},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
    ],
    ids=lambda extra: "+".join(extra),
)
def test_key_that_a_header_brings_is_neither_used_nor_fetched(
    alice: Phone, token: str, extra: dict[str, Any], wechat: Any
) -> None:
    extra = json.loads(json.dumps(extra).replace("{evil}", wechat.base_url))
    before = wechat.connections, wechat.calls()
    header, payload, _ = parts(token)
    first = f"{b64({**header, **extra})}.{b64(payload)}"
    signature = b64(
        jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(first.encode(), b"attacker" * 8)
    )
    assert asks_with(alice, f"{first}.{signature}") == REFUSAL
    assert (wechat.connections, wechat.calls()) == before


def test_missing_kid_is_refused(alice: Phone, token: str) -> None:
    header, payload, signature = parts(token)
    del header["kid"]
    assert asks_with(alice, f"{b64(header)}.{b64(payload)}.{signature}") == REFUSAL


def test_changed_payload_is_refused(alice: Phone, token: str) -> None:
    header, _payload, signature = token.split(".")
    for changes in ({"ver": 1}, {"sub": "1"}, {"exp": 9_999_999_999}, {"admin": True}):
        changed = b64({**parts(token)[1], **changes})
        assert asks_with(alice, f"{header}.{changed}.{signature}") == REFUSAL


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 10, 42, 43])
def test_cut_signature_is_refused(alice: Phone, token: str, cut: int) -> None:
    assert asks_with(alice, token[:-cut]) == REFUSAL


@pytest.mark.parametrize(
    "text",
    [
        "x",
        ".",
        "..",
        "...",
        "a.b.c",
        "aaaaa.aaaaa.aaaaa",
        "A.A.A",
        "null",
        "undefined",
        "[object Object]",
        "{}",
        "Bearer",
        "Bearer Bearer",
        "-1",
        "0",
        "eyJ",
        "eyJhbGciOiJIUzI1NiJ9..",
        f"{b64([])}.{b64([])}.{b64(b'x' * 32)}",
        f"{b64(b'[' * 600)}.{b64({})}.{b64(b'x')}",
        f"{b64(b'null')}.{b64(b'null')}.{b64(b'null')}",
        f"{b64(bytes([255, 254]))}.{b64({})}.{b64(b'x')}",
        "é.é.é",
        "a" * 9 * 1024,
        ".".join(["a" * 3 * 1024] * 3),
        f"{'.'.join('ab' for _ in range(400))}",
    ],
    ids=lambda text: text[:20],
)
def test_garbage_is_refused(alice: Phone, text: str) -> None:
    assert asks_with(alice, text) == REFUSAL


@pytest.mark.parametrize("size", [1025, 9 * 1024])
def test_signed_token_that_is_too_long_is_refused(alice: Phone, token: str, size: int) -> None:
    assert asks_with(alice, signed(token, padding="x" * size)) == REFUSAL


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": [9_999_999_999]},
        {"nbf": 9_999_999_999},
        {"iat": 9_999_999_999},
        {"aud": "another-app"},
        {"aud": None},
        {"aud": ["another-app"]},
        {"iss": "somebody-else"},
        {"iss": None},
        {"token_type": "refresh"},
        {"token_type": "access"},
        {"token_type": "sliding"},
        {"token_type": None},
        {"token_type": ["login"]},
        {"jti": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "0"},
        {"sub": 7},
        {"ver": None},
        {"ver": 1},
        {"ver": -1},
        {"ver": "0"},
    ],
    ids=str,
)
def test_signed_token_with_wrong_claims_is_refused(alice: Phone, token: str, claims: dict[str, Any]) -> None:
    assert asks_with(alice, signed(token)) != REFUSAL
    assert asks_with(alice, signed(token, **claims)) == REFUSAL


def spellings(token: str) -> list[str]:
    """Other texts that a lenient base64 decoder takes for the same token."""
    found = []
    for number, part in enumerate(token.split(".")):
        spare = {2: 4, 3: 2}.get(len(part) % 4, 0)
        last = BASE64URL.index(part[-1])
        others = [part[:-1] + BASE64URL[last | low] for low in range(1, 2**spare) if last | low != last]
        others += [
            part + "=",
            part + "==",
            part + "A===",
            part + "\u00a0",
            part + "%3D",
            part.replace(part[5], part[5] + "=", 1),
        ]
        others += [part[:5] + junk + part[5:] for junk in ("!", "*", "~", ",", "+", "/", "$", "\\", '"')]
        others += [part.replace("-", "+").replace("_", "/")] if set(part) & set("-_") else []
        for other in others:
            pieces = token.split(".")
            pieces[number] = other
            found.append(".".join(pieces))
    return [*found, token + ".", "." + token, token + ".e30", f'"{token}"', token.upper(), token.swapcase()]


def test_token_has_no_other_spelling(alice: Phone, token: str) -> None:
    for other in spellings(token):
        assert other != token
        assert asks_with(alice, other) == REFUSAL, other


def test_token_in_the_address_or_the_body_is_no_token(alice: Phone, token: str) -> None:
    for name in ("token", "access_token", "Authorization", "jwt"):
        assert alice.client.get("/api/user/info", {name: token}).json()["code"] == -1
        assert (
            alice.client.post("/api/login/logout", {name: token}, content_type="application/json").json()["code"] == -1
        )
        alice.client.cookies[name] = token
    assert alice.client.get("/api/user/info").json()["code"] == -1


def test_two_tokens_of_one_second_differ(alice: Phone) -> None:
    alice.complete()
    with time_machine.travel(timezone.now(), tick=False):
        tokens = {alice.silent_login()["data"]["token"] for _ in range(20)}
    assert len(tokens) == 20


def test_token_names_nobody_but_a_random_member_number(token: str) -> None:
    header, payload, _ = parts(token)
    assert set(header) == {"alg", "kid", "typ"}
    assert set(payload) == {"token_type", "exp", "iat", "jti", "sub", "ver", "aud", "iss"}
    assert (payload["aud"], payload["iss"], payload["token_type"]) == (AUDIENCE, ISSUER, "login")
    assert payload["sub"].isdigit()
    assert len(payload["sub"]) == 10


@pytest.fixture
def keys(settings: Any) -> list[str]:
    """An old and a new signing key, the old one in use."""
    ring = ["the-old-key-Zp3Kq8Wn5Tx2Lv7Rm4Jc9Hb6Yd", "the-new-key-Gs1Xf6Pt3Vz8Qm5Nw2Lk7Bj4Rc"]
    settings.JWT_SIGNING_KEYS = [ring[0]]
    return ring


def test_newest_key_signs_and_older_ones_still_verify(keys: list[str], alice: Phone, settings: Any) -> None:
    before = alice.complete().token
    settings.JWT_SIGNING_KEYS = [keys[1], keys[0]]

    after = alice.silent_login()["data"]["token"]

    assert [parts(token)[0]["kid"] for token in (before, after)] == [kid_of(keys[0]), kid_of(keys[1])]
    assert [asks_with(alice, token)["code"] for token in (before, after)] == [1, 1]


def test_key_that_left_the_ring_takes_its_tokens_along(keys: list[str], alice: Phone, settings: Any) -> None:
    before = alice.complete().token
    settings.JWT_SIGNING_KEYS = [keys[1]]
    assert asks_with(alice, before) == REFUSAL


def test_token_is_only_tried_with_the_key_that_it_names(keys: list[str], alice: Phone, settings: Any) -> None:
    token = alice.complete().token
    settings.JWT_SIGNING_KEYS = [keys[1], keys[0]]
    for named, used in ((keys[0], keys[1]), (keys[1], keys[0])):
        assert asks_with(alice, signed(token, header={"kid": kid_of(used)}, key=used))["code"] == 1
        assert asks_with(alice, signed(token, header={"kid": kid_of(named)}, key=used)) == REFUSAL
        assert asks_with(alice, signed(token, header={"kid": "0123456789ab"}, key=used)) == REFUSAL
    assert asks_with(alice, signed(token, header={"kid": kid_of(keys[0])}, key=keys[0], exp=1)) == REFUSAL


def test_kid_says_nothing_about_the_key(keys: list[str], alice: Phone) -> None:
    kid = parts(alice.complete().token)[0]["kid"]
    assert len(kid) == 12
    assert kid not in keys[0]
