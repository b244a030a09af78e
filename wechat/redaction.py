"""Keep the query strings of calls to WeChat, which carry the AppSecret and access_token, out of every log."""

from __future__ import annotations

import logging
import re

QUERY = re.compile(r"\?[^\s\"']*")


def hide_query(record: logging.LogRecord) -> bool:
    """A logging filter that drops the query of every URL in the record, whichever handler it goes to."""
    record.msg = QUERY.sub("?[hidden]", record.getMessage())
    record.args = None
    record.exc_info = None
    return True
