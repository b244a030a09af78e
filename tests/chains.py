"""Everything that a reporter could find in an exception: its texts, its attributes, and those of what it came from."""

from __future__ import annotations

import traceback


def everything_in(error: BaseException) -> str:
    found = [*traceback.format_exception(error)]
    pending, seen = [error], set()
    while pending:
        current = pending.pop()
        if id(current) not in seen:
            seen.add(id(current))
            found += [str(current), repr(current), repr(current.args), repr(vars(current))]
            pending += [linked for linked in (current.__cause__, current.__context__) if linked]
    return "\n".join(found)
