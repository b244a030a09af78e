"""WeChat's login API for load: answers after a given time, and counts. A process of its own.

`python -m benchmarks.login.wechat --latency 0.1 [--tls FILE]`. A code is `p<person>-<anything>`; the openid is the
one that `people.py` gave to that person. `/stats` tells the exchanges and connections so far.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import ssl

CODE = re.compile(rb"js_code=p(\d+)-")


def openid_of(person: int) -> str:
    """As `benchmarks.data` makes them."""
    return "o" + hashlib.md5(str(person).encode()).hexdigest()[:27]


class Counted:
    exchanges = connections = 0


class Wechat(asyncio.Protocol):
    def __init__(self, latency: float, counted: Counted) -> None:
        self.latency, self.counted = latency, counted
        self.received, self.spoke = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _separator, self.received = self.received.partition(b"\r\n\r\n")
            self.answer(head)

    def answer(self, head: bytes) -> None:
        found = CODE.search(head)
        if not found:
            self.send({"exchanges": self.counted.exchanges, "connections": self.counted.connections})
            return
        self.counted.exchanges += 1
        self.counted.connections += not self.spoke
        self.spoke = True
        answer = {"session_key": "c2Vzc2lvbl9rZXlfb2ZfYQ==", "openid": openid_of(int(found[1]))}
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self.send, answer)
        else:
            self.send(answer)

    def send(self, answer: dict[str, object]) -> None:
        body = json.dumps(answer).encode()
        head = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
        self.transport.write(head % len(body) + body)  # type: ignore[attr-defined]


async def serve(latency: float, certificate: str) -> None:
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    counted = Counted()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Wechat(latency, counted), "127.0.0.1", 0, ssl=tls, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    parser.add_argument("--tls", default="", help="a file with a certificate and its key")
    given = parser.parse_args()
    asyncio.run(serve(given.latency, given.tls))


if __name__ == "__main__":
    main()
