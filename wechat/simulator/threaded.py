"""A simulator on a port of its own for the length of a test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from wechat.simulator.app import App
from wechat.simulator.call import Call
from wechat.simulator.options import Options
from wechat.simulator.server import Server
from wechat.simulator.simulator import Simulator
from wechat.simulator.world import World


class Running:
    """A simulator that can be reached at `base_url`."""

    def __init__(self, simulator: Simulator, base_url: str) -> None:
        self.simulator = simulator
        self.base_url = base_url

    @property
    def world(self) -> World:
        return self.simulator.world

    def fault(self, kind: str, /, **given: Any) -> None:
        """See `Fault` for what may be given: `fault("errcode", errcode=45011, calls=1, path="/sns/jscode2session")`."""
        self.simulator.fault(kind, **given)

    def clear_faults(self) -> None:
        self.simulator.faults.clear()

    def calls(self, path: str = "") -> int:
        return self.simulator.traffic.calls(path)

    def latest(self, path: str = "") -> list[Call]:
        """The last calls whole, oldest first."""
        return self.simulator.traffic.latest(path)

    @property
    def connections(self) -> int:
        """How many were opened."""
        return self.simulator.traffic.connections

    def reset(self) -> None:
        self.simulator.reset()


@contextmanager
def running(
    world: World | None = None, *, apps: Iterable[App] = (), options: Options | None = None
) -> Iterator[Running]:
    """`apps` and `options` make a world where none is given."""
    simulator = Simulator(world or World(apps, options=options))
    loop = asyncio.new_event_loop()
    server = Server(simulator)
    thread = threading.Thread(target=loop.run_forever, name="wechat-simulator", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.open(), loop).result(timeout=10)
        yield Running(simulator, f"http://{server.host}:{server.port}")
    finally:
        loop.call_soon_threadsafe(server.close)
        asyncio.run_coroutine_threadsafe(_finish(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _finish() -> None:
    """Let connections see their end, and cancel what still waits in a fault."""
    await asyncio.sleep(0)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)
