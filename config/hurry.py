"""Which requests would rather be refused than wait for a database that is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

in_a_hurry: ContextVar[bool] = ContextVar("in_a_hurry", default=False)


@contextmanager
def hurried() -> Iterator[None]:
    """For the API and the probes; the admin's reports and commands may take their time."""
    token = in_a_hurry.set(True)
    try:
        yield
    finally:
        in_a_hurry.reset(token)
