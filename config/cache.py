"""A Redis cache whose absence costs speed and limits, never a login."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class TolerantRedisCache(RedisCache):
    """Answers as an empty cache would while Redis is away, and says so in the log.

    A lock taken with `add` is then granted to everybody; `incr` raises ValueError, as for a missing key.
    """

    def get(self, *args: Any, **kwargs: Any) -> Any:
        default = args[1] if len(args) > 1 else kwargs.get("default")
        return self.tolerate(super().get, default, *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.tolerate(super().get_many, {}, *args, **kwargs)
        return found

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self.tolerate(super().add, True, *args, **kwargs))

    def set(self, *args: Any, **kwargs: Any) -> None:
        self.tolerate(super().set, None, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self.tolerate(super().delete, False, *args, **kwargs))

    def incr(self, *args: Any, **kwargs: Any) -> int:
        count = self.tolerate(super().incr, None, *args, **kwargs)
        if count is None:
            raise ValueError("Redis is away")
        return int(count)

    def tolerate(self, method: Callable[..., Any], fallback: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except RedisError as error:
            logger.error("Redis is away, the cache is empty and limits do not count", extra={"cause": str(error)[:200]})
            return fallback
