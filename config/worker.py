"""gunicorn's worker with threads, with a way to end that a proxy in front of several servers does not notice."""

from __future__ import annotations

from contextlib import suppress

from gunicorn.sock import BaseSocket
from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):  # type: ignore[misc]
    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not (enabled or self.alive):
            for listener in self.sockets:
                self.let_go(listener)

    def let_go(self, listener: BaseSocket) -> None:
        """Take whoever waits at the door and close it, so that the next are refused and go elsewhere at once.

        gunicorn keeps it ajar until its last answer, while connections pile up behind it that get none.
        """
        with suppress(OSError):
            while True:
                before = self.nr_conns
                self.accept(listener)
                if self.nr_conns == before:
                    break
        listener.close()
