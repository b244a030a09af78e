"""WeChat's error catalogue: texts as they stand on the wire, without the request id that ends each of them."""

from __future__ import annotations

TEXTS = {
    -1: "system error",
    40001: (
        "invalid credential, access_token is invalid or not latest, could get access_token by "
        "getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r"
    ),
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    40226: "code blocked",
    40243: "appsecret has been frozen",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43104: "appid and openid do not match",
    43302: "require POST method",
    44002: "empty post data",
    44991: "reach max api minute quota limit",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    # The two double spaces are WeChat's.
    45011: "api minute-quota reach limit  mustslower  retry next minute",
    47001: "data format error",
    48001: "api unauthorized",
    48004: "api forbidden for irregularities",
    50002: "user limited",
    50004: "api forbidden",
    50007: "account has been frozen",
    61010: "code is expired",
    87007: "session_key is not existed or expired",
    87008: "invalid sig_method",
    87009: "invalid signature",
    87014: "risky content",
}

# Under /sns the text of 40001 has stayed the short one.
SNS_TEXTS = {40001: "invalid credential, access_token is invalid or not latest"}


class Refused(Exception):
    """WeChat answers an errcode; `text` replaces the catalogue's."""

    def __init__(self, errcode: int, text: str = "") -> None:
        super().__init__(errcode, text)
        self.errcode = errcode
        self.text = text


def text_of(errcode: int, path: str) -> str:
    if path.startswith("/sns/") and errcode in SNS_TEXTS:
        return SNS_TEXTS[errcode]
    return TEXTS.get(errcode, "system error")
