"""The mini-programs this backend serves: `settings.WECHAT_APPS`, keyed by alias as DATABASES is."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

DEFAULT = "default"


class UnknownMiniProgram(Exception):
    """No mini-program is configured under this alias."""


@dataclass(frozen=True)
class MiniProgram:
    alias: str
    appid: str
    secret: str = field(repr=False)


def mini_program(alias: str = DEFAULT) -> MiniProgram:
    """The mini-program behind an alias; raises `UnknownMiniProgram`."""
    try:
        entry = settings.WECHAT_APPS[alias]
    except KeyError:
        raise UnknownMiniProgram from None
    return MiniProgram(alias=alias, appid=entry["APPID"], secret=entry["SECRET"])


def all_mini_programs() -> list[MiniProgram]:
    return [mini_program(alias) for alias in settings.WECHAT_APPS]
