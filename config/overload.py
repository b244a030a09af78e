"""Which threads refuse the API's requests, because the others have more to do than they can do in time."""

from __future__ import annotations

import threading

refusing = threading.local()


def refuse_here() -> None:
    refusing.here = True


def overloaded() -> bool:
    return getattr(refusing, "here", False)
