"""Thousands of phones at one moment, each with a connection of its own."""

from __future__ import annotations

import asyncio
import json
import time

from tests.production.load import Answer

SECONDS = 60.0


def herd(port: int, codes: list[str]) -> list[Answer]:
    """What the silent login of each code was answered; raises OSError or TimeoutError where there was no answer."""
    return asyncio.run(together(port, codes))


async def together(port: int, codes: list[str]) -> list[Answer]:
    async with asyncio.timeout(SECONDS):
        return await asyncio.gather(*(login(port, code) for code in codes))


async def login(port: int, code: str) -> Answer:
    body = json.dumps({"code": code})
    head = "POST /api/login/silentLogin HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    started = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        answered = await reader.read()
    finally:
        writer.close()
    status, _, rest = answered.partition(b"\r\n")
    body_read = json.loads(rest.partition(b"\r\n\r\n")[2])
    return Answer(int(status.split()[1]), body_read, {}, started, time.monotonic() - started)
