"""gunicorn's worker with threads, which refuses what it could not answer in time, and ends without losing anybody."""

from __future__ import annotations

import select
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.sock import BaseSocket
from gunicorn.workers.gthread import TConn, ThreadWorker

from config.overload import overloaded, refuse_here

# For each thread one request that it answers and one that waits for it, and what one core answers in two seconds where
# threads are few: more would wait longer than anybody does.
REQUESTS_PER_THREAD, LEAST_REQUESTS = 2, 224
REFUSING_THREADS = 4
# A proxy sends the next request on the connection that it used last: who has answered waits so long for it, where
# nobody waits for a thread, before all connections are watched for it.
NEXT_REQUEST_SECONDS = 0.005


class Logger(GunicornLogger):  # type: ignore[misc]
    """Of requests the middleware tells; where nobody asked for gunicorn's own lines, they are not put together."""

    @property
    def access_log_enabled(self) -> bool:
        return bool(self.cfg.accesslog)


def sends_more(conn: TConn) -> bool:
    watched = select.poll()
    watched.register(conn.sock, select.POLLIN)
    return bool(watched.poll(NEXT_REQUEST_SECONDS * 1000))


class Worker(ThreadWorker):  # type: ignore[misc]
    def init_process(self) -> None:
        self.refusing = ThreadPoolExecutor(REFUSING_THREADS, initializer=refuse_here)
        super().init_process()

    @property
    def unanswered(self) -> int:
        return int(self.nr_conns - len(self.keepalived_conns) - len(self.pending_conns))

    def handle(self, conn: TConn) -> object:
        """Answer a request, and those that follow on the same connection at once."""
        kept = super().handle(conn)
        while kept is True and self.has_time() and sends_more(conn):
            kept = super().handle(conn)
        return kept

    def has_time(self) -> bool:
        """Whether every request has its thread, and this is none of those that refuse."""
        return self.alive and not overloaded() and self.unanswered <= self.cfg.threads

    def enqueue_req(self, conn: TConn) -> None:
        """Past a queue that has grown too long, to threads that do nothing but refuse."""
        busy = self.unanswered > max(self.cfg.threads * REQUESTS_PER_THREAD, LEAST_REQUESTS)
        future = (self.refusing if busy else self.tpool).submit(self.handle, conn)
        future.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

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
