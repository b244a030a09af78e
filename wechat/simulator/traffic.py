"""What was asked of the simulator, for a test to look at afterwards."""

from __future__ import annotations

import threading
from collections import Counter, deque

from wechat.simulator.call import Call
from wechat.simulator.routes import ROUTES

ELSEWHERE = "elsewhere"


class Traffic:
    """Calls are counted per path (all unknown paths as one) and the latest few kept whole."""

    KEPT = 200

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._calls: Counter[str] = Counter()
            self._latest: deque[Call] = deque(maxlen=self.KEPT)
            self.connections = 0

    def note(self, call: Call) -> None:
        with self._lock:
            self._calls[call.path if call.path in ROUTES else ELSEWHERE] += 1
            self._latest.append(call)

    def connected(self) -> None:
        with self._lock:
            self.connections += 1

    def calls(self, path: str = "") -> int:
        """To one path, or to all."""
        with self._lock:
            return self._calls[path] if path else self._calls.total()

    def per_path(self) -> dict[str, int]:
        with self._lock:
            return dict(self._calls)

    def latest(self, path: str = "") -> list[Call]:
        """Oldest first; they hold secrets and codes as they came."""
        with self._lock:
            return [call for call in self._latest if path in ("", call.path)]
