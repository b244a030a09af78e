"""Nobody is called like the operator or like WeChat, in whatever letters; everybody else keeps the own name."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import NicknameRejected
from accounts.models import LoginEvent, User
from accounts.nickname import checked_nickname
from tests.conftest import WECHAT_AVATAR, Phone

IMPERSONATIONS = """
官方客服
小程序官方
官 方 客 服
官.方-客_服
【官方】小美
★客服小王★
客服001
售后客服
在线客服
系统管理员
超级管理员
管理员
管理员小张
系统消息
系统通知
平台工作人员
微信团队
微信支付
微信客服
腾讯客服
腾讯官方
运营团队
小程序助手
平台公告
审核员
站长
系统
平台
客户服务中心
官\u2f45
官方\ufe0f
官\u200d方
官🌟方
客🔥服
微信安全中心
官方認證
官方客服中心
線上客服
系統管理員
管理員
系統訊息
系統通知
工作人員
微信團隊
騰訊官方
客戶服務
運營團隊
平臺公告
審核員
站長
admin
Admin
ADMIN
administrator
Administrator Li
Super Admin
superadmin
SysAdmin
admin123
admin_01
the admin
a.d.m.i.n
a d m i n
A-D-M-I-N
a*d*m*i*n
adm1n
4dmin
@dmin
@dm1n
4DM1N
adrnin
adrninistrator
ad\u200dmin
аdmin
аԁмin
аdmіn
αdmin
Αdmin
ΑDΜΙΝ
ａｄｍｉｎ
ＡＤＭＩＮ
ⓐⓓⓜⓘⓝ
ⒶⒹⓂⒾⓃ
🅰🅳🅼🅸🅽
🄰🄳🄼🄸🄽
🇦🇩🇲🇮🇳
𝐚𝐝𝐦𝐢𝐧
𝒶𝒹𝓂𝒾𝓃
𝔞𝔡𝔪𝔦𝔫
𝕒𝕕𝕞𝕚𝕟
𝙖𝙙𝙢𝙞𝙣
ᴀᴅᴍɪɴ
ᵃᵈᵐⁱⁿ
ádmin
àdmïn
a\u0336d\u0336m\u0336i\u0336n\u0336
root
r00t
ROOT
System
sуstem
5ystem
Official
OfficiaI
0fficial
оfficial
Offlcial
official-account
WeChat
Wechat Team
weixin
VVeChat
WеChat
WeChat Pay
Tencent
Tencеnt
Customer Service
customer_service
CustomerService
Support
Supp0rt
support team
Staff
staff member
5taff
ꜱᴛᴀꜰꜰ
Moderator
rnoderator
mod
Operator
helpdesk
Help Desk
webmaster
security
service
服务号官方
官方·小明
ⓞⓕⓕⓘⓒⓘⓐⓛ
Ｏｆｆｉｃｉａｌ
admin管理
admin!
!!admin!!
$admin$
adm1n123
123admin
小明1admin
admin1小明
AnnaAdmin
AdminAnna
OfficialSupport
wechatadmin
System Message
Security Center
security team
The Team
root123
Root!
mods
Ꭺdmin
Ꭱооt
菅理员
管埋员
系統管理员
我是admin
小红admin小红
kefu
guanfang
我是guanliyuan
小助手
售后
售后服务
技术支持
平台管理
退款中心
админ
Администратор
관리자
운영자
고객센터
公式
運営
サポート
ꓮdmin
ꓮꓓꓟꓲꓠ
ᗩᗪᗰIᑎ
ꮪtaff
ЅUΡΡΟRΤ
WΕCΗΑΤ
ⲥustomer service
""".strip().splitlines()  # fmt: skip

HONEST = """
Badminton
badminton fan
Beetroot
Grassroots
Rootless
小明
小红
阿强
王小二
张三丰
李雷和韩梅梅
爱吃火锅的猫
方方
客家人
小服
管仲
系统之家的猫
微笑
信天翁
平台上的猫
站在风里
白管家
林黛玉
陳大文
龍貓
歐陽鋒
臺北小王
さくら
ドラえもん
김철수
한국어
محمد
فاطمة
לאה
Νίκος
Ольга
Иван
สมชาย
नरेंद्र
José
Zoë
François
Ærøskøbing
Łukasz
Nguyễn Văn A
İpek
Ömer
O'Brien
Anne-Marie
Jean Luc
D.J. Smith
_cool_
x
Li
乐
007
2024
1314
520
^_^
T_T
(´・ω・)
👨‍👩‍👧‍👦
👩🏽‍🚀
🏳️‍🌈
❤️
🇨🇳
🐼🎋
小明🎈
Modern Times
Model T
Modesty
Modou
Systematic
Steamer
Teammate
Steam
Servicetree
Supporter
Staffordshire
Stafford
Officially yours
Officer Jenny
Wechsler
Rooting
Parroot
Administrate
Cadmium
Madmint
Robota
Robotnik
Thermal
Martin
Barney
Vivian
Will
Bill1
Ann
Corner
王官
Team Rocket
Mr Robot
System of a Down
Square Root
🩷小明
🫨
𰻝𰻝面
⑴
Jean-Pierre 2
服装店
\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f
\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f Ewan
김관리
이운영
小助
公式狂
審核官
ᏣᎳᎩ
ᐃᓄᒃᑎᑐᑦ
Ηλίας
Ζωή
""".strip().splitlines()  # fmt: skip


@pytest.mark.parametrize("nickname", IMPERSONATIONS, ids=ascii)
def test_impersonation_is_refused(nickname: str) -> None:
    with pytest.raises(NicknameRejected):
        checked_nickname(nickname)


@pytest.mark.parametrize("nickname", HONEST, ids=ascii)
def test_honest_nickname_is_kept_as_it_is(nickname: str) -> None:
    assert checked_nickname(nickname) == nickname


def test_both_lists_are_long_enough_to_mean_something() -> None:
    assert len(set(IMPERSONATIONS)) >= 60
    assert len(set(HONEST)) >= 60


@pytest.mark.parametrize("nickname", ["微信用户", "WeChat User", "", "   ", " 微信用户 ", "\u3000", "\t\n"])
def test_placeholder_counts_as_not_given(nickname: str) -> None:
    assert checked_nickname(nickname) == ""


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  小明  ", "小明"),
        ("Jean   Luc", "Jean Luc"),
        ("Jean\n", "Jean"),
        ("Jean\u3000Luc", "Jean Luc"),
        ("Jose\u0301", "Jos\u00e9"),
        ("a" * 32, "a" * 32),
        ("\U0001f600" * 32, "\U0001f600" * 32),
        ("=1+1", "=1+1"),
        ("<b>x</b>", "<b>x</b>"),
        ("'; DROP TABLE users; --", "'; DROP TABLE users; --"),
    ],
)
def test_nickname_is_stored_as_people_see_it(alice: Phone, sent: str, kept: str) -> None:
    alice.register()
    assert alice.update_user(nickname=sent, avatar=WECHAT_AVATAR)["code"] == 1
    assert alice.get("user/info")["data"]["nickname"] == kept
    assert User.objects.get().nickname == kept


UNPRINTABLE = {
    "too long": "a" * 33,
    "too long after normalisation": "\U0001d15e" * 17,
    "much too long": "a" * 60_000,
    "NUL": "a\x00b",
    "tab": "a\tb",
    "line feed": "a\nb",
    "next line": "a\x85b",
    "line separator": "a\u2028b",
    "half a character": chr(0xD800),
    "flag of nowhere": "\U0001f3f4\U000e0067\U000e0062a",
    "escape": "\x1b[31mred",
    "delete": "a\x7f",
    "C1": "a\x9bb",
    "right-to-left override": "\u202egnp.exe",
    "isolate": "a\u2066b",
    "mark": "a\u200fb",
    "zero width space": "a\u200bb",
    "word joiner": "a\u2060b",
    "byte order mark": "\ufeffa",
    "soft hyphen": "a\u00adb",
    "only joiners": "\u200d\u200d",
    "hangul filler": "\u3164",
    "braille blank": "\u2800",
    "only a combining mark": "\u0301",
    "private use": "\ue000",
    "noncharacter": "a\uffff",
    "tags": "a\U000e0041",
}


@pytest.mark.parametrize("nickname", UNPRINTABLE.values(), ids=UNPRINTABLE)
def test_nickname_that_cannot_be_seen_or_plays_tricks_is_refused(alice: Phone, nickname: str) -> None:
    alice.register()
    body = alice.update_user(nickname=nickname, avatar=WECHAT_AVATAR)
    assert (alice.status, body["code"]) == (200, 0)
    assert body["data"]["error"] == "nickname_rejected"
    assert list(body["data"]["fields"]) == ["nickname"]
    assert User.objects.get().nickname == ""


@pytest.mark.parametrize("nickname", [chr(0xD800), "a" + chr(0xDFFF) + "b", "a" * 70_000, "小" * 201])
@pytest.mark.parametrize("path", ["login/updateUser", "login/authLogin"])
def test_text_that_no_database_takes_is_refused_cleanly(alice: Phone, path: str, nickname: str) -> None:
    alice.register()
    body = alice.post(path, {"code": alice.code(), "nickname": nickname, "avatar": WECHAT_AVATAR})
    assert body["code"] in (0, 1)
    assert alice.status in (200, 413)
    assert User.objects.get().nickname == ""


def test_whole_refusal_names_the_field(alice: Phone) -> None:
    alice.register()
    sentence = "This nickname cannot be used. Please choose another one."
    assert alice.post("login/updateUser", {"nickname": "官方客服"}, accept_language="en") == {
        "code": 0,
        "msg": sentence,
        "data": {"error": "nickname_rejected", "fields": {"nickname": [sentence]}},
    }
    refused = LoginEvent.objects.get(kind="refused")
    assert (refused.reason, refused.user) == ("nickname_rejected", User.objects.get())


@pytest.mark.parametrize("nickname", ["官方客服", "a\x1bb", "a" * 33, "a" * 2001, "a\x00b", "微信用户"])
def test_nickname_of_the_phone_that_cannot_be_used_does_not_stop_the_login(alice: Phone, nickname: str) -> None:
    assert alice.auth_login(nickname=nickname)["code"] == 1
    assert User.objects.get().nickname == ""


@pytest.mark.parametrize("nickname", [7, True, 1.5, [], ["a"], {}, {"a": 1}])
def test_nickname_that_is_no_text_is_refused(alice: Phone, nickname: Any) -> None:
    alice.register()
    body = alice.update_user(nickname=nickname)
    assert (alice.status, body["code"], body["data"]["error"]) == (200, 0, "invalid_input")
