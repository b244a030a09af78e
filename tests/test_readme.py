"""The README's console lines, run against a live development server, print what the README says."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
END = "---end of command---"

pytestmark = pytest.mark.services


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The development server of `make run` on a free port, with an empty database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = kept | {
        "ENV_FILE": os.devnull,
        "DEBUG": "1",
        "WECHAT_SIMULATOR": "1",
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'readme.sqlite3'}",
    }
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "--verbosity=0"], cwd=ROOT, env=environment, check=True)
    log = (tmp_path / "server.log").open("w")
    running = subprocess.Popen(
        [*manage, "runserver", "--noreload", str(port)], cwd=ROOT, env=environment, stdout=log, stderr=log
    )
    try:
        wait_for(port)
        yield port, environment
    finally:
        running.terminate()
        running.wait()
        log.close()


def wait_for(port: int) -> None:
    for _attempt in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not start")


def commands(readme: str) -> list[tuple[str, str]]:
    """Each `$ ` line of the README with what it says is printed, without the set-up by make."""
    found: list[tuple[str, str]] = []
    for line in "".join(CONSOLE.findall(readme)).splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        else:
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return [(command, printed) for command, printed in found if not command.startswith(("make", "git"))]


def as_pattern(printed: str) -> str:
    return re.escape(printed).replace("…", r"[^\n]+?")


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_readme_prints_what_it_says(name: str, server: tuple[int, dict[str, str]]) -> None:
    port, environment = server
    walk = commands((ROOT / name).read_text(encoding="utf-8"))
    assert len(walk) > 10
    script = "\n".join(f"{command}\necho '{END}'" for command, _printed in walk)
    script = script.replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace(".venv/bin/python", sys.executable)

    result = subprocess.run(
        ["bash"], input=script, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=50, check=False
    )

    assert result.returncode == 0, result.stderr
    answers = result.stdout.split(f"{END}\n")
    for (command, printed), answer in zip(walk, answers, strict=False):
        assert re.fullmatch(as_pattern(printed), answer), f"$ {command}\n{answer}"
