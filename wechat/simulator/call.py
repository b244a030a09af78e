"""One HTTP call as the core sees it, and the answer it gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from wechat.simulator.refusal import Refused


class Call(NamedTuple):
    """`headers` are keyed in lower case, `peer` is the caller's IP address."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    peer: str

    def json(self) -> dict[str, Any]:
        """The body as an object; 44002 when there is none, 47001 when it is anything else."""
        if not self.body:
            raise Refused(44002)
        try:
            parsed = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refused(47001) from None
        if not isinstance(parsed, dict):
            raise Refused(47001)
        return parsed


class Answer(NamedTuple):
    """`delay` is in seconds and is kept by the front end, so that the core never sleeps."""

    status: int
    content_type: str
    body: bytes
    delay: float = 0.0
