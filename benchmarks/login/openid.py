"""Who is who: the openid and member number of person 1, 2, 3 … in the benchmark's databases."""

from __future__ import annotations

import hashlib


def openid_of(person: int) -> str:
    """As the SQL of `benchmarks.data` makes them."""
    return "o" + hashlib.md5(str(person).encode()).hexdigest()[:27]


def sn_of(person: int) -> str:
    """As the SQL of `people.py` makes them."""
    return str(1_000_000_000 + person * 797)
