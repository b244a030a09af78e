from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property

# Counting a million rows takes longer than anybody wants to wait; who has ten thousand results narrows them down.
MOST = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to `MOST` and no further; `more` says that there are more than that."""

    @cached_property
    def count(self) -> int:
        return min(self.counted, MOST)

    @cached_property
    def counted(self) -> int:
        rows: Any = self.object_list
        found: int = rows.values("pk")[: MOST + 1].count()
        return found

    @property
    def more(self) -> bool:
        return self.counted > MOST
