"""One client connection of the asyncio server."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator
from typing import cast

from wechat.simulator.call import Answer, Call
from wechat.simulator.control import handle
from wechat.simulator.request import BadRequest, parse
from wechat.simulator.script import End, Send, Step, Wait, script, whole
from wechat.simulator.simulator import Simulator

# Close at once and throw away what is unsent: the kernel then sends RST in the place of FIN.
LINGER_ZERO = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """Answers at once where nothing has to wait; anything slower is played by a task of its own."""

    def __init__(self, simulator: Simulator, register: set[asyncio.Transport]) -> None:
        self._simulator = simulator
        self._register = register
        self._buffer = bytearray()
        self._playing: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peer = str(transport.get_extra_info("peername")[0])
        self._register.add(self._transport)
        self._simulator.traffic.connected()

    def connection_lost(self, exc: Exception | None) -> None:
        self._register.discard(self._transport)
        self._writable.set()
        if self._playing:
            self._playing.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._answer_buffered()

    def _answer_buffered(self) -> None:
        while self._buffer and not self._playing and not self._transport.is_closing():
            try:
                request = parse(self._buffer, self._peer)
            except BadRequest as bad:
                self._transport.write(whole(Answer(bad.status, "text/html", b""), keep_alive=False))
                self._transport.close()
                return
            if request is None:
                return
            del self._buffer[: request.size]
            self._answer(request.call, request.keep_alive)

    def _answer(self, call: Call, keep_alive: bool) -> None:
        answer, fault = handle(self._simulator, call)
        if fault is None and not answer.delay:
            self._transport.write(whole(answer, keep_alive=keep_alive))
            if not keep_alive:
                self._transport.close()
            return
        steps = script(answer, fault, keep_alive=keep_alive)
        self._playing = asyncio.get_running_loop().create_task(self._play(steps))

    async def _play(self, steps: Iterator[Step]) -> None:
        for step in steps:
            match step:
                case Wait(seconds):
                    await asyncio.sleep(seconds)
                case Send(data):
                    self._transport.write(data)
                    await self._writable.wait()
                case End(how):
                    self._end(how)
                    return
        self._playing = None
        self._answer_buffered()

    def _end(self, how: str) -> None:
        if how == "close":
            self._transport.close()
            return
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self._transport.abort()
