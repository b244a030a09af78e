"""Logins a second of the WeChat simulator: `python benchmarks/simulator.py`, run by hand.

It starts the simulator as a process of its own on a free port of the loopback and calls nothing else. Bounded: at most
20 runs of 30 seconds or 200,000 calls each, whichever ends first, over at most 256 connections.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import resource
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

APPID, SECRET = "wx1111111111111111", "benchmark"
CALLS = 200_000
ROOT = Path(__file__).resolve().parent.parent


class Caller(asyncio.Protocol):
    """One connection that sends its next login as soon as the last is answered."""

    def __init__(self, codes: itertools.count[int], latencies: list[float], run: int) -> None:
        self.codes = codes
        self.latencies = latencies
        self.run = run

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        number = next(self.codes)
        if number >= CALLS:
            self.transport.close()
            return
        self.started = time.perf_counter()
        self.transport.write(  # type: ignore[attr-defined]
            b"GET /sns/jscode2session?appid=%s&secret=%s&js_code=sim-p%d-%d&grant_type=authorization_code HTTP/1.1\r\n"
            b"Host: 127.0.0.1\r\nUser-Agent: benchmark\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n"
            % (APPID.encode(), SECRET.encode(), number, self.run)
        )

    def data_received(self, data: bytes) -> None:
        if b'"openid":"o' not in data:
            raise RuntimeError(data.decode())
        self.latencies.append(time.perf_counter() - self.started)
        self.send()


async def one_run(port: int, connections: int, seconds: float, run: int) -> tuple[float, list[float]]:
    """Calls a second and every call's latency."""
    loop = asyncio.get_running_loop()
    codes, latencies = itertools.count(), list[float]()
    started = time.perf_counter()
    transports = [
        (await loop.create_connection(lambda: Caller(codes, latencies, run), "127.0.0.1", port))[0]
        for _ in range(connections)
    ]
    while time.perf_counter() - started < seconds and len(latencies) < CALLS:
        await asyncio.sleep(0.01)
    elapsed = time.perf_counter() - started
    for transport in transports:
        transport.abort()
    await asyncio.sleep(0.05)
    return len(latencies) / elapsed, latencies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, choices=range(1, 21), metavar="1-20")
    parser.add_argument("--seconds", type=int, default=5, choices=range(1, 31), metavar="1-30")
    parser.add_argument("--connections", type=int, default=32, choices=range(1, 257), metavar="1-256")
    given = parser.parse_args()
    command = [sys.executable, "-m", "wechat.simulator", "--port", "0", "--app", f"{APPID}:{SECRET}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            calls = measure(int(server.stdout.readline().rsplit(":", 1)[1]), given)  # type: ignore[union-attr]
        finally:
            server.terminate()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{(used.ru_utime + used.ru_stime) / calls * 1e6:.0f} us of the simulator's CPU a call, start included")
    print(f"{used.ru_maxrss / 1024:.0f} MB of memory at most")


def measure(port: int, given: argparse.Namespace) -> int:
    """The number of calls made."""
    rates = []
    for run in range(given.runs):
        rate, latencies = asyncio.run(one_run(port, given.connections, given.seconds, run))
        rates.append(rate)
        p50, p99 = (sorted(latencies)[int(len(latencies) * share)] * 1000 for share in (0.5, 0.99))
        print(f"run {run + 1}: {rate:,.0f} logins/s over {len(latencies):,} calls, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    print(f"median {statistics.median(rates):,.0f}, least {min(rates):,.0f}, most {max(rates):,.0f} logins/s")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_control/calls", timeout=5) as answer:
        counted: int = json.load(answer)["total"]
    print(f"the simulator counted {counted:,} calls")
    return counted


if __name__ == "__main__":
    main()
