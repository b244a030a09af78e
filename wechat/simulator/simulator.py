"""A world with its faults and its traffic: what both front ends put a call to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wechat.simulator.call import Answer, Call
from wechat.simulator.faults import REPLACING, Fault, Faults
from wechat.simulator.merging import merged
from wechat.simulator.routes import answer
from wechat.simulator.traffic import Traffic
from wechat.simulator.world import World


class Simulator:
    """`refuse` closes the port for some seconds; only a front end that owns its port sets it."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.faults = Faults()
        self.traffic = Traffic()
        self.refuse: Callable[[float], None] | None = None

    def receive(self, call: Call) -> tuple[Answer, Fault | None]:
        """The answer, and the fault that is to spoil or delay it on its way."""
        self.traffic.note(call)
        fault = self.faults.take(call.path)
        if fault and fault.kind in REPLACING:
            return fault.replacement(call.path, self.world.now()), fault
        return answer(self.world, call), fault

    def fault(self, kind: str, /, **given: Any) -> None:
        """Put a fault in force; ValueError for one that does not exist or cannot be had here."""
        fault = merged(Fault(kind), given)
        if kind != "refuse":
            self.faults.add(fault)
        elif self.refuse is None:
            raise ValueError("a mounted simulator cannot close its port: use reset")
        else:
            self.refuse(fault.seconds)

    def reset(self) -> None:
        """Forget faults, codes, tokens, sessions, people, counters and changed apps and options."""
        self.world.reset()
        self.faults.clear()
        self.traffic.clear()
