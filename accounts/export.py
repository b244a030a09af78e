"""Users as CSV, streamed: no more than one chunk of them is in memory, however many there are.

One line for each user, after a line with the names of the columns:

sn                    member number, ten digits
nickname
mobile                masked (`138****8000`); in full if the exporter may and asked for it, then mainland numbers
                      without country code and others in E.164
state                 new, complete, owes_mobile, disabled, deleted
apps                  aliases of the mini-programs, separated by blanks
registered_at         ISO 8601 in the server's time zone, to the second; so are the next two
profile_completed_at
last_login

UTF-8 with a byte order mark, because Excel guesses wrongly without; every cell quoted; a cell that a spreadsheet would
take for a formula begins with an apostrophe.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.mobile import displayed, masked
from accounts.models import User

COLUMNS = ["sn", "nickname", "mobile", "state", "apps", "registered_at", "profile_completed_at", "last_login"]
CHUNK = 2000
BYTE_ORDER_MARK = "\ufeff"
# Spreadsheets also read the full-width forms.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Line:
    """A file for `csv.writer` that hands each line on instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(
    users: QuerySet[User],
    *,
    full_mobiles: bool,
    state_of: Callable[[User], str],
    apps_of: Callable[[User], list[str]],
) -> Iterator[str]:
    writer = csv.writer(Line(), quoting=csv.QUOTE_ALL)
    yield BYTE_ORDER_MARK + str(writer.writerow(COLUMNS))
    for user in in_chunks(users):
        number = displayed(user.mobile) if full_mobiles else masked(user.mobile)
        times = map(moment, (user.registered_at, user.profile_completed_at, user.last_login))
        cells = [user.sn, user.nickname, number, state_of(user), " ".join(apps_of(user)), *times]
        yield str(writer.writerow(map(harmless, cells)))


def in_chunks(users: QuerySet[User]) -> Iterator[User]:
    """Newest first, each chunk a query of its own that begins where the last one ended.

    A server-side cursor would need a transaction as long as the slowest download.
    """
    newest_first = users.order_by("-pk")
    last: Any = None
    while True:
        chunk = list((newest_first.filter(pk__lt=last) if last else newest_first)[:CHUNK])
        yield from chunk
        if len(chunk) < CHUNK:
            return
        last = chunk[-1].pk


def moment(at: datetime | None) -> str:
    return timezone.localtime(at).isoformat(timespec="seconds") if at else ""


def harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
