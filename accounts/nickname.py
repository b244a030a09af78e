"""Which nicknames a person may have: visible, short, and not mistaken for the operator."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from accounts.errors import NicknameRejected

LONGEST = 32
# What getUserProfile returns for everybody since 2022-11-08.
PLACEHOLDERS = {"微信用户", "WeChat User"}
# Directional controls turn the text around them; the rest is invisible and makes two names look like one.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufdd0-\ufdef"
    "\ufeff\uffa0\ufff9-\uffff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
CONTROLS = {"Cc", "Cs", "Co", "Zl", "Zp"}
# England, Scotland and Wales: a black flag, and the region in characters that are invisible anywhere else.
REGION_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
# Python's tables are older than people's phones: what they do not know may be a new emoji or a rare surname.
UNKNOWN = "Cn"
BLANKS = re.compile(r"\s+")

# In simplified characters; `TRADITIONAL` brings the others here, with two that are drawn for 管理.
CHINESE_RESERVED = [
    "官方", "客服", "客户服务", "管理员", "管理者", "系统消息", "系统讯息", "系统信息", "系统通知", "系统公告",
    "平台消息", "平台通知", "平台公告", "安全中心", "服务中心", "工作人员", "微信团队", "微信支付", "腾讯",
    "小程序助手", "运营团队", "运营人员", "审核员", "审核人员", "站长", "版主", "超级用户", "平台管理", "技术支持",
    "售后服务", "退款中心",
]  # fmt: skip
CHINESE_RESERVED_ALONE = {
    "系统", "平台", "公告", "运营", "店主", "管理", "微信", "站务", "超管", "助手", "小助手", "售后", "审核", "退款",
}  # fmt: skip
# Administrator, operator, official and support in the languages next door; reserved alone.
FOREIGN_RESERVED_ALONE = [
    "админ", "администратор", "модератор", "поддержка", "관리자", "운영자", "고객센터", "공식", "公式", "運営",
    "サポート", "カスタマーサポート",
]  # fmt: skip
TRADITIONAL = str.maketrans("員統訊騰團隊運營戶務長審覈臺級菅埋", "员统讯腾团队运营户务长审核台级管理")

# Reserved as a word of any nickname; `Badminton` and `Supporter` are other words.
RESERVED_ANYWHERE = [
    "admin", "admins", "administrator", "administrators", "superadmin", "sysadmin", "webmaster", "superuser",
    "official", "officials", "staff", "service", "services", "customerservice", "support", "supportteam",
    "helpdesk", "moderator", "moderators", "wechat", "weixin", "tencent", "wechatpay", "guanfang", "guanliyuan",
]  # fmt: skip
# Reserved when there is no more to the nickname than these words and those below.
RESERVED_ALONE = [
    "root", "mod", "mods", "system", "sysop", "operator", "operators", "team", "security", "notification",
    "notifications", "kefu",
]  # fmt: skip
COMPANIONS = [
    "the", "a", "an", "my", "our", "this", "real", "super", "sub", "sys", "account", "center", "centre",
    "message", "messages", "notice", "desk", "group", "user",
]  # fmt: skip

# Letters of other scripts that look like Latin ones (Unicode's confusables, as far as nicknames are written with them).
LOOKALIKES = {
    "a": "аαɑᴀᎪ4@", "b": "вьβʙᏴ8", "c": "сϲᴄᏟ¢", "d": "ԁᴅժᎠ", "e": "еєεᴇᎬ3€", "f": "ꜰքғ", "g": "ɡɢցϱᏀ9",
    "h": "нһʜհᎻ", "i": "іıɪιᎥ1!|¡", "j": "јᴊᎫ", "k": "кκᴋᏦ", "l": "ӏʟⅼᏞ", "m": "мᴍμᎷ", "n": "пոɴην", "o": "оοσօᴏᎤ0",
    "p": "рρᴘᏢ", "q": "ԛգ", "r": "гʀᎡᏒ", "s": "ѕꜱᏚ5$", "t": "тτᴛᎢ7", "u": "υսᴜ", "v": "ѵᴠᏙ", "w": "ԝωᴡᎳ", "x": "хχ",
    "y": "уγʏ", "z": "ᴢᏃ2",
}  # fmt: skip
# Whole alphabets that resemble Latin capitals, as fancy fonts use them: Lisu, Canadian syllabics, Cherokee, Coptic.
CAPITAL_LOOKALIKES = {
    "a": "ꓮᗅᗩ", "b": "ꓐᗷᏏ", "c": "ꓚᑕⲥ", "d": "ꓓᗞᗪ", "e": "ꓰᗴᘿ", "f": "ꓝᖴ", "g": "ꓖᏻ", "h": "ꓧᕼᏂ", "i": "ꓲ",
    "j": "ꓙᒍᒎ", "k": "ꓗⲕ", "l": "ꓡᒪ", "m": "ꓟᗰⲙ", "n": "ꓠᑎⲛռ", "o": "ꓳⲟ", "p": "ꓑᑭⲣ", "r": "ꓣᖇⲅ", "s": "ꓢᔕᏕտ",
    "t": "ꓔⲧ", "u": "ꓴᑌʋ", "v": "ꓦᐯ", "w": "ꓪᗯ", "x": "ꓫ᙭ⲭ", "y": "ꓬⲩүɣ", "z": "ꓜ",
}  # fmt: skip
LATIN = str.maketrans(
    {
        lookalike: letter
        for alphabet in (LOOKALIKES, CAPITAL_LOOKALIKES)
        for letter, group in alphabet.items()
        for lookalike in group
    }
)
# Greek capitals whose small letters resemble other Latin ones.
GREEK_CAPITALS = str.maketrans("ΗΥΖ", "HYZ")
LETTER_SIGNS = ((0x1F130, 26), (0x1F150, 26), (0x1F170, 26), (0x1F1E6, 26))
# Digits and signs stand for letters inside a word ("adm1n") and for nothing around it ("admin1!").
LETTER = f"[a-z{''.join(char for char in map(chr, LATIN) if char.isalpha())}]"
SIGN = "[0-9@$!|¡¢€]"
AT_THE_END, AT_THE_START = f"{SIGN}++(?!{LETTER})", f"(?<!{LETTER})(?<!{SIGN}){SIGN}+"
ORNAMENTS = [re.compile(ends) for ends in ("(?!)", AT_THE_END, AT_THE_START, f"{AT_THE_END}|{AT_THE_START}")]
CAPITAL_INSIDE = re.compile(r"(?<=[a-z])(?=[A-Z])")


def usable_nickname(text: str) -> str:
    """The normalised nickname, or "" for none, a placeholder, or one that may not be used."""
    try:
        return checked_nickname(text)
    except NicknameRejected:
        return ""


def checked_nickname(text: str) -> str:
    """The normalised nickname, "" where none was given; raises `NicknameRejected`."""
    given = unicodedata.normalize("NFC", text).strip()
    nickname = BLANKS.sub(" ", given)
    if not nickname or nickname in PLACEHOLDERS:
        return ""
    if len(nickname) > LONGEST or not printable(given) or reserved(nickname):
        raise NicknameRejected
    return nickname


def printable(nickname: str) -> bool:
    """No control, no bidi or invisible character, and something to see (joiners inside emoji are fine)."""
    categories = [unicodedata.category(char) for char in nickname]
    if INVISIBLE.search(REGION_FLAG.sub("", nickname)) or CONTROLS.intersection(categories):
        return False
    return any(category[0] in "LNPS" or category == UNKNOWN for category in categories)


def reserved(nickname: str) -> bool:
    """Whether somebody could take its bearer for the operator or for WeChat, whatever letters it is written with."""
    return reserved_in_chinese(fold(nickname)) or any(reserved_in_latin(words) for words in readings(nickname))


def reserved_in_chinese(folded: str) -> bool:
    letters = "".join(char for char in folded if char.isalpha()).translate(TRADITIONAL)
    return letters in RESERVED_BY_ITSELF or any(word in letters for word in CHINESE_RESERVED)


def readings(nickname: str) -> Iterator[list[str]]:
    """The nickname's Latin words, in each way in which its signs, digits and capitals may be meant."""
    for text in {nickname, CAPITAL_INSIDE.sub(" ", nickname)}:
        folded = fold(text)
        for ornaments in ORNAMENTS:
            yield re.findall("[a-z]+", skeleton(ornaments.sub(" ", folded)))


def reserved_in_latin(words: list[str]) -> bool:
    return not ANYWHERE.isdisjoint(words) or bool(NOTHING_ELSE.fullmatch("".join(words)))


def fold(text: str) -> str:
    """Compatibility forms, letter-like signs and accents reduced to plain lower-case letters."""
    plain = "".join(letter_of_sign(char) for char in text).translate(GREEK_CAPITALS)
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


RESERVED_BY_ITSELF = CHINESE_RESERVED_ALONE | {fold(word).translate(TRADITIONAL) for word in FOREIGN_RESERVED_ALONE}
ANYWHERE = {skeleton(word) for word in RESERVED_ANYWHERE}
ALONE = "|".join(skeleton(word) for word in RESERVED_ANYWHERE + RESERVED_ALONE)
COMPANY = "|".join(skeleton(word) for word in COMPANIONS)
NOTHING_ELSE = re.compile(f"(?:{COMPANY})*(?:{ALONE})(?:{ALONE}|{COMPANY})*")
