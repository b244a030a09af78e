"""Every answer of the API speaks Chinese unless asked for English, and its slugs never change with the language."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from accounts.models import User
from tests.conftest import WECHAT_AVATAR, Phone
from wechat.simulator.threaded import Running

ROOT = Path(__file__).resolve().parent.parent
CHINESE = re.compile("[\u4e00-\u9fff]")
NUMBER = "13800138000"
PHONE = "/wxa/business/getuserphonenumber"


@dataclass
class Stage:
    """Who and what a scene needs."""

    alice: Phone
    wechat: Running
    settings: Any
    set_switches: Callable[..., None]
    monkeypatch: pytest.MonkeyPatch


@pytest.fixture
def stage(alice: Phone, wechat: Running, settings: Any, set_switches: Any, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(alice, wechat, settings, set_switches, monkeypatch)


Ask = Callable[..., dict[str, Any]]


def auth_login(phone: Phone, **headers: str) -> dict[str, Any]:
    return phone.auth_login(headers=headers)


def wechat_says(errcode: int) -> Callable[[Stage], Ask]:
    def scene(stage: Stage) -> Ask:
        stage.wechat.fault("errcode", errcode=errcode)
        return stage.alice.silent_login

    return scene


def asks(method: str, path: str, body: Any = None) -> Callable[[Stage], Ask]:
    """A request of somebody with a complete profile."""

    def scene(stage: Stage) -> Ask:
        stage.alice.complete()
        sent = [] if method == "get" else [body]
        return lambda **headers: getattr(stage.alice, method)(path, *sent, **headers)

    return scene


def nobody_asks(stage: Stage) -> Ask:
    return lambda **headers: stage.alice.get("user/info", **headers)


def disabled_account_asks(stage: Stage) -> Ask:
    User.objects.filter(pk=stage.alice.complete().user.pk).update(is_active=False)
    return stage.alice.silent_login


def switched_off(stage: Stage) -> Ask:
    stage.set_switches(mnp_wechat_auth=False)
    return lambda **headers: auth_login(stage.alice, **headers)


def without_agreement(stage: Stage) -> Ask:
    stage.settings.REQUIRE_AGREEMENT = True
    return lambda **headers: auth_login(stage.alice, **headers)


def taken_mobile(stage: Stage) -> Ask:
    assert Phone("bob").complete().bind_mobile(NUMBER)["code"] == 1
    stage.alice.complete()
    return lambda **headers: stage.alice.post("user/bindMobile", {"code": stage.alice.phone_code(NUMBER)}, **headers)


def bad_phone_code(stage: Stage) -> Ask:
    stage.wechat.fault("errcode", errcode=40029, path=PHONE)
    return asks("post", "user/bindMobile", {"code": "phone-13800138000-x"})(stage)


def too_often(stage: Stage) -> Ask:
    stage.settings.LOGIN_PER_MINUTE = 1
    stage.alice.silent_login()
    return stage.alice.silent_login


def broken(stage: Stage) -> Ask:
    def fail(*args: Any) -> None:
        raise RuntimeError

    stage.monkeypatch.setattr("accounts.views.silent_login", fail)
    return stage.alice.silent_login


REFUSALS: dict[str, tuple[Callable[[Stage], Ask], str, str]] = {
    "not_logged_in": (nobody_asks, "请先登录", "Please log in first."),
    "invalid_input": (
        asks("post", "login/silentLogin", {"code": ""}),
        "该字段不能为空。",
        "This field may not be blank.",
    ),
    "code_invalid": (
        wechat_says(40029),
        "登录凭证无效或已过期，请重试",
        "The login code is not valid or has expired. Please try again.",
    ),
    "code_used": (
        wechat_says(40163),
        "登录凭证已被使用，请重试",
        "This login code has been used already. Please try again.",
    ),
    "account_disabled": (
        disabled_account_asks,
        "账号已被停用，请联系客服",
        "This account has been disabled. Please contact customer service.",
    ),
    "authorized_login_disabled": (
        switched_off,
        "登录暂时关闭，请稍后再试",
        "Login is switched off at the moment.",
    ),
    "agreement_required": (
        without_agreement,
        "请先阅读并同意相关协议",
        "Please read and accept the agreements first.",
    ),
    "mobile_taken": (
        taken_mobile,
        "该手机号已绑定其他账号",
        "This mobile number belongs to another account.",
    ),
    "mobile_code_invalid": (
        bad_phone_code,
        "手机号验证失败，请重新点击按钮授权",
        "The phone number could not be confirmed. Please tap the button again.",
    ),
    "nickname_rejected": (
        asks("post", "login/updateUser", {"nickname": "官方客服"}),
        "该昵称不可用，请换一个",
        "This nickname cannot be used. Please choose another one.",
    ),
    "avatar_rejected": (
        asks("post", "login/updateUser", {"avatar": "https://example.com/a.jpg"}),
        "该图片无法使用，请换一张",
        "This picture cannot be used. Please choose another one.",
    ),
    "wechat_rate_limited": (
        wechat_says(45011),
        "微信接口请求过多，请一分钟后再试",
        "Too many requests to WeChat. Please try again in a minute.",
    ),
    "wechat_blocked_user": (
        wechat_says(40226),
        "该微信账号被微信限制，暂时无法登录",
        "WeChat has restricted this account, so it cannot log in here.",
    ),
    "wechat_misconfigured": (
        wechat_says(40125),
        "登录暂不可用，已通知运营人员",
        "Login is not available at the moment. The operator has been informed.",
    ),
    "wechat_unavailable": (
        wechat_says(-1),
        "暂时无法连接微信，请稍后再试",
        "WeChat cannot be reached at the moment. Please try again.",
    ),
    "throttled": (
        too_often,
        "操作过于频繁，请稍后再试",
        "Too many attempts. Please wait a moment and try again.",
    ),
    "not_found": (asks("get", "nowhere"), "访问的内容不存在", "There is nothing here."),
    "method_not_allowed": (asks("get", "login/silentLogin"), "不支持该请求方法", "This method is not allowed here."),
    "server_error": (broken, "服务异常，请稍后再试", "Something went wrong here."),
}
FIELDS = {"invalid_input": "code", "nickname_rejected": "nickname", "avatar_rejected": "avatar"}


def refusal(slug: str, sentence: str, config: Any) -> dict[str, Any]:
    data: dict[str, Any] = {"error": slug}
    if slug in FIELDS:
        data["fields"] = {FIELDS[slug]: [sentence]}
    if slug == "authorized_login_disabled":
        data["config"] = config
    return {"code": -1 if slug == "not_logged_in" else 0, "msg": sentence, "data": data}


@pytest.mark.parametrize("slug", REFUSALS)
def test_refusals_are_chinese_unless_asked_for_english(stage: Stage, slug: str) -> None:
    scene, chinese, english = REFUSALS[slug]
    ask = scene(stage)
    config = stage.alice.get("config")["data"]

    assert ask() == refusal(slug, chinese, config)
    assert ask(accept_language="zh-CN,zh;q=0.9,en;q=0.8") == refusal(slug, chinese, config)
    assert ask(accept_language="fr") == refusal(slug, chinese, config)
    assert ask(accept_language="en") == refusal(slug, english, config)


def test_every_slug_has_its_scene() -> None:
    errors = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Errors\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in errors.splitlines() if line.startswith("| `")]
    assert {slug for cell in cells for slug in re.findall("`(.+?)`", cell)} == set(REFUSALS)


def sentences_of_a_life(stage: Stage, **headers: str) -> list[str]:
    """The sentences that one person meets, from the first visit to the last."""
    phone = stage.alice
    stage.set_switches(mnp_auto_wechat_auth=False, mnp_wechat_auth=False, coerce_mobile=False)
    said = [phone.silent_login(**headers)]
    stage.set_switches(mnp_auto_wechat_auth=True, mnp_wechat_auth=True)
    said += [phone.silent_login(**headers), auth_login(phone, **headers)]
    said += [phone.post("login/updateUser", {"nickname": "Alice", "avatar": WECHAT_AVATAR}, **headers)]
    stage.set_switches(coerce_mobile=True)
    said += [phone.silent_login(**headers)]
    said += [phone.post("user/bindMobile", {"code": phone.phone_code(NUMBER)}, **headers)]
    said += [phone.silent_login(**headers), phone.get("config", **headers), uploaded(phone, **headers)]
    said += [phone.post("login/logout", **headers), phone.silent_login(**headers)]
    said += [phone.post("user/delete", {"confirm": True}, **headers)]
    assert {body["code"] for body in said} == {1}
    return [body["msg"] for body in said]


def uploaded(phone: Phone, **headers: str) -> dict[str, Any]:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    picture.seek(0)
    return phone.body(phone.client.post("/api/upload/image", {"file": picture}, headers=phone.sent(headers)))


LIFE = {
    "登录暂时关闭": "Login is closed at the moment",
    "请点击按钮登录": "Please tap the login button",
    "请完善资料": "Please complete your profile",
    "保存成功": "Saved",
    "请绑定手机号": "Please bind your mobile number",
    "手机号绑定成功": "Mobile number bound",
    "登录成功": "Logged in",
    "操作成功": "Done",
    "上传成功": "Uploaded",
    "已退出登录": "Logged out",
    "账号已注销": "Account deleted",
}


def test_successes_are_chinese_unless_asked_for_english(stage: Stage) -> None:
    chinese = sentences_of_a_life(stage)
    english = sentences_of_a_life(stage, accept_language="en")

    assert list(dict.fromkeys(chinese)) == list(LIFE)
    assert english == [LIFE[sentence] for sentence in chinese]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("login/silentLogin", {}),
        ("login/silentLogin", {"code": ""}),
        ("login/silentLogin", {"code": None}),
        ("login/silentLogin", {"code": "代码"}),
        ("login/silentLogin", {"code": "x" * 257}),
        ("login/silentLogin", {"code": "a\x00b"}),
        ("login/authLogin", {"code": "x", "agreed": "perhaps"}),
        ("login/updateUser", {}),
        ("login/updateUser", {"nickname": ["Alice"]}),
        ("user/delete", {}),
        ("user/delete", {"confirm": False}),
        ("upload/image", None),
    ],
)
def test_bad_inputs_are_named_in_chinese(alice: Phone, path: str, body: Any) -> None:
    alice.complete()
    answer = alice.post(path, body) if body is not None else alice.body(upload_without_file(alice))

    assert answer["data"]["error"] == "invalid_input"
    sentences = [sentence for texts in answer["data"]["fields"].values() for sentence in texts]
    assert sentences
    assert all(CHINESE.search(sentence) for sentence in [answer["msg"], *sentences]), answer


def test_bad_input_is_named_in_the_language_of_each_who_sends_it(alice: Phone) -> None:
    """DRF's validators keep the sentence that they said first."""
    code = {"code": "x" * 257}
    chinese = alice.post("login/silentLogin", code, accept_language="zh-CN")["msg"]
    english = alice.post("login/silentLogin", code, accept_language="en")["msg"]

    assert CHINESE.search(chinese)
    assert english == "Ensure this field has no more than 256 characters."


def upload_without_file(phone: Phone) -> Any:
    return phone.client.post("/api/upload/image", {}, headers={"token": phone.token})


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_log_is_written_in_one_language_whoever_asks(
    alice: Phone, wechat: Running, caplog: pytest.LogCaptureFixture, language: str
) -> None:
    wechat.fault("errcode", errcode=40164)
    alice.silent_login(accept_language=language)

    [record] = [record for record in caplog.records if record.name == "wechat.client"]
    said = "WeChat jscode2session failed: This server's address is not in WeChat's IP whitelist."
    remedy = "Add the address this server calls out from to the IP whitelist: mp.weixin.qq.com, Development settings."
    assert (record.getMessage(), record.__dict__["remedy"]) == (said, remedy)
