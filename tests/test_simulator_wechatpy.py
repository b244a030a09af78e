"""A client that is not ours, wechatpy, cannot tell the simulator from WeChat."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from wechatpy import WeChatClient
from wechatpy.client.api import WeChatWxa
from wechatpy.exceptions import APILimitedException, WeChatClientException

from wechat.simulator.app import App
from wechat.simulator.threaded import Running, running

SHOP = App("wx1111111111111111", "shop-secret", "open-account")
GAME = App("wx2222222222222222", "game-secret")


@pytest.fixture
def wechat() -> Iterator[Running]:
    with running(apps=[SHOP, GAME]) as simulator:
        yield simulator


@pytest.fixture
def client(wechat: Running, monkeypatch: pytest.MonkeyPatch) -> WeChatClient:
    """Its addresses are class attributes, and the token's a literal."""
    monkeypatch.setattr(WeChatClient, "API_BASE_URL", f"{wechat.base_url}/cgi-bin/")
    monkeypatch.setattr(WeChatWxa, "API_BASE_URL", f"{wechat.base_url}/")
    fetch = WeChatClient._fetch_access_token

    def fetch_here(self: WeChatClient, url: str, params: dict[str, str]) -> object:
        return fetch(self, url.replace("https://api.weixin.qq.com", wechat.base_url), params)

    monkeypatch.setattr(WeChatClient, "_fetch_access_token", fetch_here)
    return WeChatClient(SHOP.appid, SHOP.secret, timeout=5)


def refusal(error: pytest.ExceptionInfo[WeChatClientException]) -> tuple[int, str]:
    """The errcode and the text in front of the request id."""
    return error.value.errcode, error.value.errmsg.split("rid: ")[0]


def test_it_fetches_a_token(wechat: Running, client: WeChatClient) -> None:
    answer = client.fetch_access_token()
    assert list(answer) == ["access_token", "expires_in"]
    assert client.access_token == answer["access_token"]
    assert wechat.calls("/cgi-bin/token") == 1


def test_it_exchanges_a_login_code(wechat: Running, client: WeChatClient) -> None:
    answer = client.wxa.code_to_session("sim-alice-1")
    assert list(answer) == ["session_key", "openid", "unionid"]
    assert answer["openid"] == wechat.world.openid(SHOP.appid, "alice")
    assert wechat.latest("/sns/jscode2session")[0].query["access_token"] == client.access_token


def test_it_reads_a_used_code(client: WeChatClient) -> None:
    client.wxa.code_to_session("sim-alice-1")
    with pytest.raises(WeChatClientException) as error:
        client.wxa.code_to_session("sim-alice-1")
    assert refusal(error) == (40163, "code been used, ")


def test_it_reads_a_wrong_secret(client: WeChatClient) -> None:
    client.secret = GAME.secret
    with pytest.raises(WeChatClientException) as error:
        client.fetch_access_token()
    assert refusal(error) == (40125, "invalid appsecret ")


def test_it_checks_text_as_the_first_version_did(client: WeChatClient) -> None:
    assert client.wxa.check_text_security("你好") == {"errcode": 0, "errmsg": "ok"}
    with pytest.raises(WeChatClientException) as error:
        client.wxa.check_text_security("违规")
    assert refusal(error) == (87014, "risky content ")


def test_it_checks_text_in_the_second_version(wechat: Running, client: WeChatClient) -> None:
    openid = client.wxa.code_to_session("sim-alice-1")["openid"]
    body = {"content": "违规", "version": 2, "scene": 1, "openid": openid}
    assert client.post(f"{wechat.base_url}/wxa/msg_sec_check", data=body)["result"] == {
        "suggest": "risky",
        "label": 20006,
    }


def test_it_gets_a_phone_number(wechat: Running, client: WeChatClient) -> None:
    url = f"{wechat.base_url}/wxa/business/getuserphonenumber"
    info = client.post(url, data={"code": "phone-13800138000-1"})["phone_info"]
    assert (info["purePhoneNumber"], info["watermark"]["appid"]) == ("13800138000", SHOP.appid)
    with pytest.raises(WeChatClientException) as error:
        client.post(url, data={"code": "phone-13800138000-1"})
    assert error.value.errcode == 40029


def test_it_renews_an_ended_token_by_itself(wechat: Running, client: WeChatClient) -> None:
    client.wxa.check_text_security("你好")
    wechat.world.end_tokens()
    assert client.wxa.check_text_security("你好")["errcode"] == 0
    wechat.world.end_tokens(expired=True)
    assert client.wxa.check_text_security("你好")["errcode"] == 0
    assert wechat.calls("/cgi-bin/token") == 3


def test_it_knows_the_daily_limit_by_its_code(wechat: Running, client: WeChatClient) -> None:
    wechat.fault("errcode", errcode=45009, path="/wxa/msg_sec_check")
    with pytest.raises(APILimitedException):
        client.wxa.check_text_security("你好")


@pytest.mark.parametrize("errcode", [-1, 40013, 40164, 40226, 40243, 45011, 48001, 50002])
def test_it_reads_any_errcode(wechat: Running, client: WeChatClient, errcode: int) -> None:
    wechat.fault("errcode", errcode=errcode, path="/sns/jscode2session")
    with pytest.raises(WeChatClientException) as error:
        client.wxa.code_to_session("sim-alice-1")
    assert error.value.errcode == errcode


def test_it_reads_a_bad_gateway(wechat: Running, client: WeChatClient) -> None:
    wechat.fault("status", status=502)
    with pytest.raises(WeChatClientException) as error:
        client.fetch_access_token()
    assert error.value.response.status_code == 502
