"""A Redis cache whose absence costs the sharing between processes, never a login."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.functional import cached_property
from redis import Redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from accounts.limits import Attempt, refuses

logger = logging.getLogger(__name__)

ASK_AGAIN_SECONDS = 2.0
# Django's default of 300 entries throws counters and the access_token away under load.
MEMORY = {"OPTIONS": {"MAX_ENTRIES": 100_000}}


class Absence:
    """What this process knows of a Redis that does not answer: until when nobody asks it.

    A Redis that hangs costs half a second, so it costs that to one request in a while and not to each.
    """

    def __init__(self) -> None:
        self.lock, self.until = threading.Lock(), 0.0

    def asking(self) -> bool:
        """Whether to ask Redis now; of all that find the time run out, one."""
        if not self.until:
            return True
        with self.lock:
            now = time.monotonic()
            due = now >= self.until
            if due:
                self.until = now + ASK_AGAIN_SECONDS
            return due

    def begin(self, error: RedisError) -> None:
        logger.error("Redis is away, each process counts and remembers for itself", extra={"cause": str(error)[:200]})
        self.until = time.monotonic() + ASK_AGAIN_SECONDS

    def end(self) -> None:
        if self.until:
            self.until = 0.0
            logger.warning("Redis is back")


absences: dict[str, Absence] = {}


# A Redis that was started anew has closed the connections: the command is sent again at once, on a new one.
OPTIONS = {"retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))}
# What `accounts.limits.refuses` does step by step, in one command.
REFUSES = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
local before = redis.call('GET', KEYS[2]) or 0
if before * ARGV[1] + count <= tonumber(ARGV[2]) then return 0 end
redis.call('DECR', KEYS[1])
return 1
"""


class Client(RedisCacheClient):
    """One client for all commands: Django makes one for each, which takes longer than the command.

    Every thread has its own cache, and so its own connection, which needs no pool to take it from.
    """

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **{**OPTIONS, **options})

    def get_client(self, key: Any = None, *, write: bool = False) -> Redis:
        return self.client

    @cached_property
    def client(self) -> Redis:
        pool = self._get_connection_pool(write=True)  # type: ignore[attr-defined]
        return Redis(connection_pool=pool, single_connection_client=True)

    @cached_property
    def refuses(self) -> Script:
        return self.client.register_script(REFUSES)


class TolerantRedisCache(RedisCache):
    """Uses the process's own memory while Redis is away, and says so in the log.

    Limits then hold for each process alone, and a lock taken with `add` is granted once in each.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client
        self.memory = LocMemCache(f"instead of {server}", MEMORY)
        self.absence = absences.setdefault(server, Absence())

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self.ask("get", *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("get_many", *args, **kwargs)
        return found

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self.ask("add", *args, **kwargs))

    def set(self, *args: Any, **kwargs: Any) -> None:
        self.ask("set", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self.ask("delete", *args, **kwargs))

    def incr(self, *args: Any, **kwargs: Any) -> int:
        return int(self.ask("incr", *args, **kwargs))

    def refuses(self, attempt: Attempt) -> bool:
        """What `accounts.limits` asks for each login."""
        keys = [self.make_key(attempt.key), self.make_key(attempt.key_before)]
        args = [attempt.share_before, attempt.limit, attempt.keep]
        client = cast("Client", self._cache)
        return bool(self.either(lambda: client.refuses(keys, args), lambda: refuses(self.memory, attempt)))

    def answers(self) -> bool:
        try:
            return bool(self._cache.get_client().ping())
        except RedisError:
            return False

    def ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self.either(
            lambda: getattr(super(TolerantRedisCache, self), method)(*args, **kwargs),
            lambda: getattr(self.memory, method)(*args, **kwargs),
        )

    def either(self, redis: Callable[[], Any], memory: Callable[[], Any]) -> Any:
        if self.absence.asking():
            try:
                answer = redis()
            except RedisError as error:
                self.absence.begin(error)
            except ValueError:
                # The answer of `incr` where there is nothing to count on.
                self.absence.end()
                raise
            else:
                self.absence.end()
                return answer
        return memory()
