"""Mobile numbers: stored in E.164, shown to their owner as people write them, shown to others masked."""

from __future__ import annotations

MAINLAND = "+86"


def displayed(mobile: str | None) -> str:
    """For the owner: a mainland number without its country code, any other in E.164, "" for none."""
    return (mobile or "").removeprefix(MAINLAND)


def masked(mobile: str | None) -> str:
    """For everybody else: `138****8000`."""
    number = displayed(mobile)
    return f"{number[:3]}****{number[-4:]}" if len(number) > 7 else "*" * len(number)
