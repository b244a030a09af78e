"""How much one visitor may do. Every limit stands here, with its reason."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from rest_framework.exceptions import Throttled

logger = logging.getLogger(__name__)

MINUTE, HOUR = 60, 3600
# A person picks an avatar once or twice; more is somebody filling the disk.
UPLOADS_PER_HOUR = 5
# Decoding a picture costs time, also one that is refused; a phone full of HEIC needs a few tries.
PICTURES_PER_HOUR = 30
# A phone number is paid for; five tries cover every honest mistake.
PHONE_CALLS_PER_PERSON_AND_HOUR = 5


@dataclass(frozen=True)
class Attempt:
    """One attempt in a sliding window made of two counters: this period's, and what still counts of the one before.

    The part of the keys in braces is the same, so that a Redis Cluster keeps them together; `keep` is in seconds.
    """

    key: str
    key_before: str
    share_before: float
    limit: int
    keep: int


def exceeded(name: str, who: str, limit: int, seconds: int) -> bool:
    """Count one attempt, unless it is over `limit` in the last `seconds`, over all processes that share the cache.

    While the cache is away nothing is counted and nothing refused, or each process counts for itself.
    """
    period, passed = divmod(time.time(), seconds)
    counter = f"limit:{{{name}:{who}}}"
    attempt = Attempt(
        f"{counter}:{period:.0f}", f"{counter}:{period - 1:.0f}", 1 - passed / seconds, limit, keep=2 * seconds
    )
    in_one_command: Callable[[Attempt], bool] | None = getattr(cache, "refuses", None)
    return in_one_command(attempt) if in_one_command else refuses(cache, attempt)


def refuses(store: BaseCache, attempt: Attempt) -> bool:
    """Changes the counter only by the cache's own atomic increment.

    A refused attempt is taken back: a crowd behind one address that knocks all the time would otherwise not get its
    share, but nothing.
    """
    count = increment(attempt.key, attempt.keep, store)
    before = store.get(attempt.key_before) or 0
    over = bool(before * attempt.share_before + count > attempt.limit)
    if over:
        take_back(attempt.key, store=store)
    return over


def increment(key: str, keep: int, store: BaseCache = cache) -> int:
    """The counter is nearly always there already; whoever loses the race to make it counts on the winner's."""
    for _attempt in range(2):
        with suppress(ValueError):
            return store.incr(key)
        if store.add(key, 1, timeout=keep):
            return 1
    return 0


def take_back(key: str, count: int = 1, store: BaseCache = cache) -> None:
    with suppress(ValueError):
        store.decr(key, count)


def count_picture(user_id: int) -> None:
    """One more picture to decode. Raises `Throttled`."""
    if exceeded("picture", str(user_id), PICTURES_PER_HOUR, HOUR):
        raise Throttled(wait=HOUR)


def count_upload(user_id: int) -> None:
    """One more picture to store. Raises `Throttled`."""
    if exceeded("upload", str(user_id), UPLOADS_PER_HOUR, HOUR):
        raise Throttled(wait=HOUR)


def count_phone_call(appid: str, openid: str) -> None:
    """Raises `Throttled`; over the budget of the whole service it also says so in the log."""
    if exceeded("phone", f"{appid}:{openid}", PHONE_CALLS_PER_PERSON_AND_HOUR, HOUR):
        raise Throttled(wait=HOUR)
    if exceeded("phone", "everybody", settings.PHONE_CALLS_PER_HOUR, HOUR):
        logger.error("PHONE_CALLS_PER_HOUR is used up: phone numbers are refused until the hour has passed")
        raise Throttled(wait=HOUR)
