"""How much one visitor may do. Every limit stands here, with its reason."""

from __future__ import annotations

import logging
import time
from contextlib import suppress

from django.conf import settings
from django.core.cache import cache
from rest_framework.exceptions import Throttled

logger = logging.getLogger(__name__)

MINUTE, HOUR = 60, 3600
# A person picks an avatar once or twice; more is somebody filling the disk.
UPLOADS_PER_HOUR = 5
# Decoding a picture costs time, also one that is refused; a phone full of HEIC needs a few tries.
PICTURES_PER_HOUR = 30
# A phone number is paid for; five tries cover every honest mistake.
PHONE_CALLS_PER_PERSON_AND_HOUR = 5


def exceeded(name: str, who: str, limit: int, seconds: int) -> bool:
    """Count one attempt, unless it is over `limit` in the last `seconds`, over all processes that share the cache.

    A sliding window made of two counters, changed only by the cache's own atomic increment. A refused attempt is taken
    back: a crowd behind one address that knocks all the time would otherwise not get its share, but nothing. While the
    cache is away nothing is counted and nothing refused.
    """
    now = time.time()
    window, elapsed = int(now // seconds), (now % seconds) / seconds
    key = f"limit:{name}:{who}:{window}"
    count = increment(key, seconds)
    before = cache.get(f"limit:{name}:{who}:{window - 1}") or 0
    over = bool(before * (1 - elapsed) + count > limit)
    if over:
        take_back(key)
    return over


def increment(key: str, seconds: int) -> int:
    """The counter is nearly always there already; whoever loses the race to make it counts on the winner's."""
    for _attempt in range(2):
        with suppress(ValueError):
            return cache.incr(key)
        if cache.add(key, 1, timeout=2 * seconds):
            return 1
    return 0


def take_back(key: str, count: int = 1) -> None:
    with suppress(ValueError):
        cache.decr(key, count)


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
