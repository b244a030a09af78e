"""In-process blocks in alternation: each application in a process of its own, one block of each after the other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.login.processes import ROOT
from benchmarks.login.world import World

WARM_UP = 100


@dataclass(frozen=True)
class Application:
    """`env` is what differs from the world's."""

    name: str
    module: str
    work: str
    env: dict[str, str] = field(default_factory=dict)


@contextmanager
def started(application: Application, world: World) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.login.block", application.module, application.work]
    env = {**world.env, **application.env}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=world.log,
        text=True,
        bufsize=1,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def block(process: subprocess.Popen[str], calls: int) -> float:
    print(calls, file=process.stdin, flush=True)
    answer = process.stdout.readline()  # type: ignore[union-attr]
    if not answer:
        raise RuntimeError(f"{process.args!r} broke off")
    return float(answer)
