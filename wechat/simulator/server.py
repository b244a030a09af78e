"""The asyncio front end: one process, one loop, one port."""

from __future__ import annotations

import asyncio
import sys
import threading

from wechat.simulator.connection import Connection
from wechat.simulator.simulator import Simulator

BACKLOG = 1024


class Server:
    """Port 0 takes a free one, which it keeps when it is refused and opened again."""

    def __init__(self, simulator: Simulator, host: str = "127.0.0.1", port: int = 0) -> None:
        self.simulator = simulator
        self.host = host
        self.port = port
        self._transports: set[asyncio.Transport] = set()
        self._listener: asyncio.Server | None = None
        self._closed = False

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener = await self._loop.create_server(self._connection, self.host, self.port, backlog=BACKLOG)
        self.port = self._listener.sockets[0].getsockname()[1]
        self.simulator.refuse = self.refuse

    def refuse(self, seconds: float) -> None:
        """Connections are refused for a while, and those there are end.

        Another thread finds the port closed when this returns; on the loop's own, where the control API asks for it,
        the answer is written first.
        """
        done = threading.Event()
        self._loop.call_soon_threadsafe(self._shut, seconds, done)
        if not self._is_here():
            done.wait(timeout=10)

    def close(self) -> None:
        """For good."""
        self._closed = True
        if self._listener:
            self._listener.close()
        for transport in list(self._transports):
            transport.abort()

    def _shut(self, seconds: float, done: threading.Event) -> None:
        if self._listener:
            self._listener.close()
        for transport in list(self._transports):
            transport.close()
        self._loop.call_later(seconds, self._reopen)
        done.set()

    def _reopen(self) -> None:
        if not self._closed:
            self._reopening = self._loop.create_task(self.open())

    def _is_here(self) -> bool:
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def _connection(self) -> Connection:
        return Connection(self.simulator, self._transports)


async def serve(simulator: Simulator, host: str, port: int) -> None:
    """Until cancelled."""
    server = Server(simulator, host, port)
    await server.open()
    sys.stdout.write(f"WeChat simulator on http://{server.host}:{server.port}\n")
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        server.close()
