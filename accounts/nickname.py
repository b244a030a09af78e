"""Which nicknames a person may have: visible, short, and not mistaken for the operator."""

from __future__ import annotations

import re
import unicodedata

from accounts.errors import NicknameRejected

LONGEST = 32
# What getUserProfile returns for everybody since 2022-11-08.
PLACEHOLDERS = {"微信用户", "WeChat User"}
# Directional controls turn the text around them; the rest is invisible and makes two names look like one.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
BLANKS = re.compile(r"\s+")

CHINESE_RESERVED = [
    "官方",
    "客服",
    "客户服务",
    "客戶服務",
    "管理员",
    "管理員",
    "管理者",
    "系统消息",
    "系統消息",
    "系统通知",
    "系統通知",
    "工作人员",
    "工作人員",
    "微信团队",
    "微信團隊",
    "微信支付",
    "腾讯",
    "騰訊",
    "小程序助手",
    "运营团队",
    "運營團隊",
    "平台公告",
    "审核员",
    "審核員",
    "站长",
    "版主",
    "超级用户",
]
ENGLISH_RESERVED = [
    "admin",
    "administrator",
    "admins",
    "superadmin",
    "sysadmin",
    "webmaster",
    "root",
    "superuser",
    "system",
    "official",
    "officials",
    "staff",
    "service",
    "services",
    "customerservice",
    "support",
    "supportteam",
    "helpdesk",
    "moderator",
    "mod",
    "operator",
    "team",
    "wechat",
    "weixin",
    "wechatteam",
    "tencent",
    "security",
    "notification",
    "robot",
    "service-account",
    "wechatpay",
]
ALONE = {"系统", "系統", "平台", "公告", "运营", "店主", "管理", "微信"}

# Letters of other scripts that look like Latin ones (Unicode's confusables, as far as nicknames are written with them).
LOOKALIKES = {
    "a": "аαɑᴀ4@", "b": "вьβʙ8", "c": "сϲᴄ¢", "d": "ԁᴅժ", "e": "еєεᴇ3€", "f": "ꜰք", "g": "ɡɢցϱ9", "h": "нһʜհ", "i": "іıɪι1!|¡",
    "j": "јᴊ", "k": "кκᴋ", "l": "ӏʟⅼ", "m": "мᴍ", "n": "пոɴην", "o": "оοσօᴏ0", "p": "рρᴘ", "q": "ԛգ", "r": "гʀ", "s": "ѕꜱ5$",
    "t": "тτᴛ7", "u": "υսᴜ", "v": "ѵᴠ", "w": "ԝωᴡ", "x": "хχ", "y": "уγʏ", "z": "ᴢ2",
}  # fmt: skip
LATIN = str.maketrans({lookalike: letter for letter, group in LOOKALIKES.items() for lookalike in group})
LETTER_SIGNS = ((0x1F130, 26), (0x1F150, 26), (0x1F170, 26), (0x1F1E6, 26))


def usable_nickname(text: str) -> str:
    """The normalised nickname, or "" for none, a placeholder, or one that may not be used."""
    try:
        return checked_nickname(text)
    except NicknameRejected:
        return ""


def checked_nickname(text: str) -> str:
    """The normalised nickname, "" where none was given; raises `NicknameRejected`."""
    nickname = BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip()
    if not nickname or nickname in PLACEHOLDERS:
        return ""
    if len(nickname) > LONGEST or not printable(nickname) or reserved(nickname):
        raise NicknameRejected
    return nickname


def printable(nickname: str) -> bool:
    """No control, no bidi or invisible character, and something to see (joiners inside emoji are fine)."""
    if INVISIBLE.search(nickname) or any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") for char in nickname):
        return False
    return any(unicodedata.category(char)[0] in "LNPS" for char in nickname)


def reserved(nickname: str) -> bool:
    """Whether somebody could take its bearer for the operator or for WeChat, whatever letters it is written with."""
    folded = fold(nickname)
    chinese = "".join(char for char in folded if char.isalpha())
    if chinese in ALONE or any(word in chinese for word in CHINESE_RESERVED):
        return True
    words = re.findall(r"[a-z]+", skeleton(folded))
    return "".join(words) in RESERVED_SKELETONS or any(word in RESERVED_SKELETONS for word in words)


def fold(text: str) -> str:
    """Compatibility forms, letter-like signs and accents reduced to plain lower-case letters."""
    plain = "".join(letter_of_sign(char) for char in text)
    decomposed = unicodedata.normalize("NFKD", plain).casefold()
    return "".join(char for char in decomposed if unicodedata.category(char) not in ("Mn", "Me", "Cf"))


def letter_of_sign(char: str) -> str:
    for start, count in LETTER_SIGNS:
        if start <= ord(char) < start + count:
            return chr(ord("a") + ord(char) - start)
    return char


def skeleton(folded: str) -> str:
    """The same text for every spelling that looks like it: "аdm1n", "adrnin" and "admin"."""
    return folded.translate(LATIN).replace("rn", "m").replace("vv", "w").replace("l", "i")


RESERVED_SKELETONS = {re.sub("[^a-z]", "", skeleton(word)) for word in ENGLISH_RESERVED}
