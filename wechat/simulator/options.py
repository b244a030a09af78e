"""What a test may turn about WeChat that is no fault of it."""

from __future__ import annotations

from dataclasses import dataclass, field


def _keywords() -> dict[str, str]:
    return {"risky": "risky", "违规": "risky", "review": "review"}


@dataclass(slots=True)
class Options:
    """`session_key_canary` is every session_key, and `access_token_canary` stands inside every access_token, so that a
    test can look for either where it must never appear. `watermark_appid` is named in the phone answer in place of
    the app. `keywords` maps a word to the verdict on a text that holds it. `plain_tokens_a_day` is an official
    account's quota; the Mini Program's is not published.
    """

    session_key_canary: str = ""
    access_token_canary: str = ""
    watermark_appid: str = ""
    string_labels: bool = False
    content_check_ms: int = 0
    keywords: dict[str, str] = field(default_factory=_keywords)
    plain_tokens_a_day: int = 2000
