"""WeChat's login API for load: answers after a given time, and counts. A process of its own.

`python -m benchmarks.login.wechat [--tls FILE]` tells its port. A code is `p<person>-<anything>`; the openid is the one
that `people.py` gave to that person. `/latency?<seconds>` sets how long an answer takes, `/stats` tells the exchanges
and the connections they came on, `/times` how long each code's answer took, since it was last asked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import ssl
import time

import uvloop

from benchmarks.login.openid import openid_of

CODE = re.compile(rb"js_code=(p(\d+)-[\d-]+)")
LATENCY = re.compile(rb"/latency\?([\d.]+)")


class State:
    latency = 0.0
    exchanges = connections = 0
    times: dict[str, float] = {}


class Wechat(asyncio.Protocol):
    def __init__(self) -> None:
        self.received, self.spoke = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _separator, self.received = self.received.partition(b"\r\n\r\n")
            found = CODE.search(head)
            self.exchange(found) if found else self.control(head)

    def exchange(self, found: re.Match[bytes]) -> None:
        State.exchanges += 1
        State.connections += not self.spoke
        self.spoke = True
        answer = {"session_key": "c2Vzc2lvbl9rZXlfb2ZfYQ==", "openid": openid_of(int(found[2]))}
        if State.latency:
            asyncio.get_running_loop().call_later(State.latency, self.late, answer, found[1].decode(), time.monotonic())
        else:
            self.send(answer)

    def late(self, answer: dict[str, str], code: str, asked: float) -> None:
        State.times[code] = time.monotonic() - asked
        self.send(answer)

    def control(self, head: bytes) -> None:
        found = LATENCY.search(head)
        if found:
            State.latency = float(found[1])
        if b"/times" in head:
            times, State.times = State.times, {}
            self.send(times)
        else:
            self.send({"exchanges": State.exchanges, "connections": State.connections})

    def send(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        head = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
        self.transport.write(head % len(body) + body)  # type: ignore[attr-defined]


async def serve(certificate: str) -> None:
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(Wechat, "127.0.0.1", 0, ssl=tls, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tls", default="", help="a file with a certificate and its key")
    uvloop.run(serve(parser.parse_args().tls))


if __name__ == "__main__":
    main()
