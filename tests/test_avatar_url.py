"""An avatar is an own upload or a picture on WeChat's hosts; any other URL is refused, and none is ever fetched."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from accounts.models import AvatarUpload, User
from tests.conftest import WECHAT_AVATAR, Phone

ELSEWHERE = [
    "http://127.0.0.1:{port}/a.png",
    "http://127.1:{port}/a.png",
    "http://2130706433:{port}/a.png",
    "http://0x7f000001:{port}/a.png",
    "http://0177.0.0.1:{port}/a.png",
    "http://[::1]:{port}/a.png",
    "http://[::ffff:127.0.0.1]:{port}/a.png",
    "http://localhost:{port}/a.png",
    "http://localtest.me:{port}/a.png",
    "http://0:{port}/a.png",
    "http://thirdwx.qlogo.cn@127.0.0.1:{port}/a.png",
    "https://thirdwx.qlogo.cn:pw@127.0.0.1:{port}/a.png",
    "https://thirdwx.qlogo.cn\\@127.0.0.1:{port}/a.png",
    "https://127.0.0.1:{port}\\@thirdwx.qlogo.cn/a.png",
    "https://127.0.0.1:{port}#@thirdwx.qlogo.cn/a.png",
    "https://127.0.0.1:{port}?https://thirdwx.qlogo.cn/a.png",
    "https://thirdwx.qlogo.cn.evil.example/a.png",
    "https://evil.example/thirdwx.qlogo.cn/a.png",
    "https://evilthirdwx.qlogo.cn/a.png",
    "https://thirdwx-qlogo.cn/a.png",
    "https://thirdwxXqlogo.cn/a.png",
    "https://xthirdwx.qlogo.cn/a.png",
    "https://thirdwx.qlogo.cn:8443/a.png",
    "https://thirdwx.qlogo.cn:/a.png",
    "https://thirdwx.qlogo.cn./a.png",
    "https://thirdwx。qlogo。cn/a.png",
    "https://ｔhirdwx.qlogo.cn/a.png",
    "http://thirdwx.qlogo.cn/a.png",
    "HTTPS://THIRDWX.QLOGO.CN/a.png",
    "//thirdwx.qlogo.cn/a.png",
    "https:thirdwx.qlogo.cn/a.png",
    "https:///thirdwx.qlogo.cn/a.png",
    "https://thirdwx.qlogo.cn",
    "https://thirdwx.qlogo.cn/",
    "https://thirdwx.qlogo.cn/a.png?x=1",
    "https://thirdwx.qlogo.cn/a.png#x",
    'https://thirdwx.qlogo.cn/a.png"onerror="alert(1)',
    "https://thirdwx.qlogo.cn/a'b.png",
    "https://thirdwx.qlogo.cn/<script>",
    "https://thirdwx.qlogo.cn/a b.png",
    "https://thirdwx.qlogo.cn/a.png\n",
    "https://thirdwx.qlogo.cn/a.png\r\nX: y",
    "https://thirdwx.qlogo.cn/a%00.png",
    "https://thirdwx.qlogo.cn/é.png",
    "https://thirdwx.qlogo.cn/" + "a" * 401,
    " https://thirdwx.qlogo.cn/a.png",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "vbscript:msgbox(1)",
    "data:image/png;base64,iVBORw0KGgo=",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "dict://127.0.0.1:{port}/x",
    "ftp://127.0.0.1:{port}/x",
    "blob:https://servicewechat.com/1",
    "/media/../config/settings.py",
    "/media/avatars/00000000000000000000000000000000.jpg",
    "avatars/00000000000000000000000000000000.jpg",
    "../../etc/passwd",
    "media",
    "x",
    "https://[",
    "http://[::1",
    "=cmd|'/c calc'!A0",
]  # fmt: skip

PLACEHOLDERS = [
    "",
    "   ",
    "http://tmp/abc.png",
    "http://tmp/wx0123.o6zAJs.Vh2T.jpeg",
    "wxfile://tmp_abc.png",
    "https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132",
    "https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/0",
    "https://mmbiz.qpic.cn/mmbiz/icTdbqWNOwNRna42FI242Lcia07jQodd2FJGIYQfG0LAJGFxM4FbnQP6yfMxBgJ0F3YRqJCJ1aPAK2dQagdusBZg/0",
]


@pytest.fixture
def trap() -> Any:
    """A port that nobody may connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.fixture
def no_lookup(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The host names that were looked up, except WeChat's own."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def lookup(host: str, *rest: Any, **named: Any) -> Any:
        if host != "127.0.0.1":
            asked.append(host)
        return real(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return asked


def test_url_from_elsewhere_is_refused_and_not_fetched(alice: Phone, trap: socket.socket, no_lookup: list[str]) -> None:
    alice.complete()
    before = User.objects.values("avatar", "nickname").get()
    for url in ELSEWHERE:
        body = alice.update_user(nickname="Mallory", avatar=url.format(port=trap.getsockname()[1]))
        assert (alice.status, body["code"], body["data"].get("error")) == (200, 0, "avatar_rejected"), url
        assert list(body["data"]["fields"]) == ["avatar"]
    assert User.objects.values("avatar", "nickname").get() == before
    assert no_lookup == []


def test_headimgurl_from_elsewhere_is_dropped_and_not_fetched(
    alice: Phone, trap: socket.socket, no_lookup: list[str]
) -> None:
    for url in [*ELSEWHERE, *PLACEHOLDERS]:
        User.objects.all().delete()
        body = alice.auth_login(headimgurl=url.format(port=trap.getsockname()[1]), nickname="Alice")
        assert (alice.status, body["code"], body["data"]["next_step"]) == (200, 1, "complete_profile"), url
        assert User.objects.get().avatar == "", url
    assert no_lookup == []


@pytest.mark.parametrize("url", PLACEHOLDERS)
def test_placeholder_counts_as_not_given(alice: Phone, url: str) -> None:
    alice.register()
    body = alice.update_user(nickname="Alice", avatar=url)
    assert (body["code"], body["data"]["next_step"]) == (1, "complete_profile")
    assert (User.objects.get().avatar, User.objects.get().profile_completed_at) == ("", None)


@pytest.mark.parametrize("url", PLACEHOLDERS)
def test_nothing_but_a_placeholder_is_named_as_missing(alice: Phone, url: str) -> None:
    alice.register()
    body = alice.update_user(avatar=url)
    assert (body["code"], body["data"]["error"]) == (0, "invalid_input")
    assert list(body["data"]["fields"]) == ["nickname", "avatar"]


@pytest.mark.parametrize("host", ["thirdwx.qlogo.cn", "wx.qlogo.cn"])
@pytest.mark.parametrize("path", ["mmopen/vi_32/Q0j4TwGTfTIabc_def-ghi/132", "mmhead/ver_1/a.b/0"])
def test_picture_on_wechats_hosts_is_taken(alice: Phone, host: str, path: str) -> None:
    alice.register()
    url = f"https://{host}/{path}"
    assert alice.update_user(nickname="Alice", avatar=url)["data"]["next_step"] == ""
    assert alice.get("user/info")["data"]["avatar"] == url


def test_headimgurl_of_wechat_is_kept_for_a_new_user(alice: Phone) -> None:
    alice.auth_login(nickname="Alice", headimgurl=WECHAT_AVATAR)
    assert User.objects.get().avatar == WECHAT_AVATAR


def test_upload_of_somebody_else_cannot_be_taken(alice: Phone, bob: Phone) -> None:
    alice.register()
    bob.register()
    AvatarUpload.objects.create(user=alice.user, name="avatars/a.jpg")
    for url in ("avatars/a.jpg", "/media/avatars/a.jpg", "http://testserver/media/avatars/a.jpg"):
        assert bob.update_user(nickname="Bob", avatar=url)["data"]["error"] == "avatar_rejected"
        assert alice.update_user(nickname="Alice", avatar=url)["code"] == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/media/avatars/a.jpg",
        "https://testserver/media/avatars/a.jpg",
        "avatars/a.jpg?x",
        "AVATARS/a.jpg",
    ],
)
def test_own_upload_is_known_by_its_own_address_only(alice: Phone, url: str) -> None:
    alice.register()
    AvatarUpload.objects.create(user=alice.user, name="avatars/a.jpg")
    assert alice.update_user(nickname="Alice", avatar=url)["data"]["error"] == "avatar_rejected"


@pytest.mark.parametrize("avatar", [7, True, [], ["x"], {}, "x" * 2001, "a\x00b"])
def test_avatar_that_is_no_text_is_refused(alice: Phone, avatar: Any) -> None:
    alice.register()
    body = alice.update_user(avatar=avatar)
    assert (alice.status, body["code"], body["data"]["error"]) == (200, 0, "invalid_input")
