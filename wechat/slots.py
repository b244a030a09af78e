"""How many calls to WeChat a process waits for at once: a WeChat that hangs must not take every thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings

from wechat.errors import WechatUnavailable

# A burst waits for its turn as long as WeChat answers others: after each answer so much longer than the answer took.
TURN_SECONDS, LONGEST_TURN = 0.08, 1.0
# While WeChat hangs, half of the slots wait for it, and one more call in so many seconds asks whether it is back: all
# of them would be taken again as they run out, and hold up the first logins after its return.
RETRY_SECONDS = 0.5
# A call that takes so long, which is twice the time to connect, has found nobody, or nobody awake.
HANGING_SECONDS = 2.0


class Slots:
    def __init__(self, limit: int) -> None:
        self.limit, self.taken = limit, 0
        self.began = self.ended = self.took = 0.0
        self.hanging = False
        self.changed = threading.Condition()

    def take(self) -> float:
        """When the call began; raises `WechatUnavailable` where there is no slot for it."""
        with self.changed:
            if self.waits_for_sign() or not self.turn_comes():
                raise WechatUnavailable("too many calls in flight", shed=True)
            self.taken += 1
            self.began = time.monotonic()
            return self.began

    def waits_for_sign(self) -> bool:
        return self.hanging and self.taken * 2 >= self.limit and time.monotonic() < self.began + RETRY_SECONDS

    def turn_comes(self) -> bool:
        asked = time.monotonic()
        while self.taken >= self.limit:
            left = max(asked, self.ended) + min(TURN_SECONDS + self.took, LONGEST_TURN) - time.monotonic()
            if left <= 0:
                return False
            self.changed.wait(left)
        return True

    def release(self, began: float) -> None:
        """A call that took too long says that WeChat hangs, unless others ended well meanwhile."""
        with self.changed:
            self.taken -= 1
            now = time.monotonic()
            if now - began < HANGING_SECONDS:
                self.ended, self.took, self.hanging = now, now - began, False
            elif began > self.ended:
                self.hanging = True
            self.changed.notify()


@cache
def slots(limit: int) -> Slots:
    return Slots(limit)


@contextmanager
def in_flight() -> Iterator[None]:
    """Hold one of `WECHAT_MAX_IN_FLIGHT` slots."""
    ours = slots(settings.WECHAT_MAX_IN_FLIGHT)
    began = ours.take()
    try:
        yield
    finally:
        ours.release(began)
