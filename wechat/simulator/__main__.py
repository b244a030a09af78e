"""`python -m wechat.simulator`: the simulator without Django's start."""

from __future__ import annotations

import argparse

from wechat.simulator.arguments import add_arguments, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m wechat.simulator", description="WeChat's server API, simulated.")
    add_arguments(parser)
    given = parser.parse_args()
    run(given.host, given.port, given.apps)


if __name__ == "__main__":
    main()
