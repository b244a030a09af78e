"""Each fault as a client made with requests meets it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
import requests

from wechat.simulator.threaded import Running, running

PATH = "/sns/jscode2session"


@pytest.fixture
def wechat() -> Iterator[Running]:
    with running() as simulator:
        yield simulator


def log_in(
    wechat: Running, code: str = "sim-alice-1", *, timeout: float = 2, stream: bool = False
) -> requests.Response:
    app = next(iter(wechat.world.apps.values()))
    query = {"appid": app.appid, "secret": app.secret, "js_code": code, "grant_type": "authorization_code"}
    return requests.get(f"{wechat.base_url}{PATH}", params=query, timeout=timeout, stream=stream)


def errcode(response: requests.Response) -> object:
    return response.json().get("errcode")


def test_latency_delays_a_good_answer(wechat: Running) -> None:
    wechat.fault("latency", ms=300)
    started = time.monotonic()
    assert "openid" in log_in(wechat).json()
    assert time.monotonic() - started >= 0.3


def test_a_hang_is_a_read_timeout_and_the_code_is_gone(wechat: Running) -> None:
    wechat.fault("hang", calls=1)
    with pytest.raises(requests.ReadTimeout):
        log_in(wechat, timeout=0.3)
    assert errcode(log_in(wechat)) == 40163


def test_a_reset_is_a_reset_on_the_wire(wechat: Running) -> None:
    wechat.fault("reset", calls=1)
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        log_in(wechat)
    assert errcode(log_in(wechat)) == 40163


def test_a_close_ends_the_connection_without_an_answer(wechat: Running) -> None:
    wechat.fault("close", calls=1)
    with pytest.raises(requests.ConnectionError, match="closed connection without response"):
        log_in(wechat)


def test_a_refusal_closes_the_port_for_a_while(wechat: Running) -> None:
    wechat.fault("refuse", seconds=0.5)
    with pytest.raises(requests.ConnectionError, match="Connection refused"):
        log_in(wechat)
    time.sleep(1)
    assert "openid" in log_in(wechat).json()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_status_comes_with_a_html_page_and_spares_the_code(wechat: Running, status: int) -> None:
    wechat.fault("status", status=status, calls=1)
    response = log_in(wechat)
    assert (response.status_code, response.headers["Content-Type"]) == (status, "text/html")
    assert response.text.startswith("<html>")
    assert "openid" in log_in(wechat).json()


def test_garbage_is_no_json(wechat: Running) -> None:
    wechat.fault("garbage")
    response = log_in(wechat)
    assert response.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_an_empty_body_is_a_whole_answer(wechat: Running) -> None:
    wechat.fault("empty")
    response = log_in(wechat)
    assert (response.status_code, response.content) == (200, b"")


def test_half_an_answer_declares_more_than_it_sends(wechat: Running) -> None:
    wechat.fault("truncated")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        log_in(wechat)


def test_a_drip_never_times_out_a_single_read(wechat: Running) -> None:
    wechat.fault("drip", interval_ms=10, headers=True)
    started = time.monotonic()
    assert "openid" in log_in(wechat, timeout=0.5).json()
    assert time.monotonic() - started > 1


def test_a_drip_can_spare_the_head(wechat: Running) -> None:
    wechat.fault("drip", interval_ms=20)
    started = time.monotonic()
    response = log_in(wechat, stream=True)
    assert time.monotonic() - started < 1
    assert len(response.content) == int(response.headers["Content-Length"])
    assert time.monotonic() - started > 1.5


@pytest.mark.parametrize("chunked", [False, True])
def test_a_huge_answer_is_valid_to_who_reads_it_all(wechat: Running, chunked: bool) -> None:
    wechat.fault("huge", megabytes=5, chunked=chunked)
    response = log_in(wechat)
    assert ("Content-Length" in response.headers) is not chunked
    assert len(response.content) > 5 * 1024 * 1024
    assert "openid" in response.json()


def test_a_client_that_leaves_a_huge_answer_harms_nothing(wechat: Running) -> None:
    wechat.fault("huge", megabytes=50, calls=1)
    with log_in(wechat, stream=True) as response:
        response.raw.read(1000)
    assert "openid" in log_in(wechat, "sim-alice-2").json()


@pytest.mark.parametrize(("path", "separator"), [(PATH, ", "), ("/cgi-bin/token", " ")])
def test_an_errcode_is_written_as_wechat_writes_it_there(wechat: Running, path: str, separator: str) -> None:
    wechat.fault("errcode", errcode=45011)
    body = requests.get(f"{wechat.base_url}{path}", timeout=2).json()
    text = f"api minute-quota reach limit  mustslower  retry next minute{separator}rid: "
    assert (body["errcode"], body["errmsg"].startswith(text)) == (45011, True)


def test_an_errcode_spares_the_code(wechat: Running) -> None:
    wechat.fault("errcode", errcode=-1, errmsg="busy", calls=1)
    assert log_in(wechat).json()["errmsg"].startswith("busy, rid: ")
    assert "openid" in log_in(wechat).json()


@pytest.mark.parametrize(
    "body", [{"openid": None}, {"openid": 7}, {"openid": ["o"]}, {"errcode": "40029"}, [], None, 5, "openid"]
)
def test_any_json_can_stand_in_for_the_answer(wechat: Running, body: object) -> None:
    wechat.fault("body", body=body)
    assert log_in(wechat).json() == body


def test_any_text_can_stand_in_for_the_answer(wechat: Running) -> None:
    wechat.fault("body", text='{"openid": "o1"')
    assert log_in(wechat).text == '{"openid": "o1"'


def test_a_fault_lasts_for_its_calls(wechat: Running) -> None:
    wechat.fault("errcode", errcode=-1, calls=2)
    assert [errcode(log_in(wechat)) for _ in range(3)] == [-1, -1, None]


def test_a_fault_without_a_number_of_calls_lasts_until_cleared(wechat: Running) -> None:
    wechat.fault("errcode", errcode=-1)
    assert [errcode(log_in(wechat)) for _ in range(5)] == [-1] * 5
    wechat.clear_faults()
    assert errcode(log_in(wechat)) is None


def test_a_fault_can_be_of_one_path(wechat: Running) -> None:
    wechat.fault("errcode", errcode=-1, path="/cgi-bin/token")
    assert "openid" in log_in(wechat).json()
    assert errcode(requests.get(f"{wechat.base_url}/cgi-bin/token", timeout=2)) == -1


def test_the_fault_set_last_comes_first(wechat: Running) -> None:
    wechat.fault("errcode", errcode=-1)
    wechat.fault("errcode", errcode=45011, calls=1)
    assert [errcode(log_in(wechat)) for _ in range(2)] == [45011, -1]


def test_any_fault_can_come_late(wechat: Running) -> None:
    wechat.fault("status", status=502, ms=300)
    started = time.monotonic()
    assert log_in(wechat).status_code == 502
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize(
    ("kind", "given"),
    [("explode", {}), ("status", {"code": 500}), ("errcode", {"errcode": "1"}), ("latency", {"ms": 1.5})],
)
def test_a_fault_that_does_not_exist_is_an_error(wechat: Running, kind: str, given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"is none of|is to be of type"):
        wechat.fault(kind, **given)


def test_one_hanging_call_does_not_stop_the_others(wechat: Running) -> None:
    wechat.fault("hang", calls=1)
    address = wechat.base_url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1]))) as hanging:
        hanging.sendall(b"GET /sns/jscode2session HTTP/1.1\r\n\r\n")
        while not wechat.calls(PATH):
            time.sleep(0.01)
        assert "openid" in log_in(wechat).json()
