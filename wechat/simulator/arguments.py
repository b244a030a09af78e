"""The command line that `manage.py wechat_simulator` and `python -m wechat.simulator` share."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable

from wechat.simulator.app import App, parse_app
from wechat.simulator.server import serve
from wechat.simulator.simulator import Simulator
from wechat.simulator.world import World


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument(
        "--app",
        dest="apps",
        action="append",
        type=_app,
        default=[],
        metavar="APPID:SECRET[:OPEN_ACCOUNT]",
        help="an app it knows, bound to an Open Platform account if one is named; may be repeated",
    )


def run(host: str, port: int, apps: Iterable[App]) -> None:
    """Serve until interrupted."""
    try:
        asyncio.run(serve(Simulator(World(apps)), host, port))
    except KeyboardInterrupt:
        return


def _app(text: str) -> App:
    try:
        return parse_app(text)
    except ValueError as mistake:
        raise argparse.ArgumentTypeError(str(mistake)) from None
