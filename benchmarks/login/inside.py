"""What one process of ours tells, as JSON: `python -m benchmarks.login.inside token|session|queries|plans`."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from benchmarks.login.openid import openid_of, sn_of

PERSON = 7


def token() -> str:
    from accounts.models import User
    from accounts.tokens import LoginToken

    return str(LoginToken.issue(User.objects.get(sn=sn_of(PERSON)), pending=False))


def session() -> str:
    """The session of a member of staff who is logged in to the admin."""
    from django.test import Client

    from accounts.models import User

    client = Client()
    client.force_login(User.objects.create_superuser("benchmark", "x"))
    return str(client.session.session_key)


def queries() -> dict[str, list[str]]:
    """What a silent login and a token check ask the database, once they have been asked before."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from benchmarks.login import block
    from config.wsgi import application

    os.environ["TOKEN"] = token()
    found = {}
    for work in (block.login, block.info):
        work(application)
        with CaptureQueriesContext(connection) as captured:
            work(application)
        found[work.__name__] = [query["sql"].split()[0] for query in captured]
    return found


def plans() -> dict[str, Any]:
    """How PostgreSQL finds the account of a login, the switches, and the account of a token."""
    from django.db import connection

    from accounts.login import OPENID
    from accounts.models import USER_OF_TOKEN
    from settings_app.models import SWITCHES_NOW

    asked = {
        "account of an openid": (OPENID, {"appid": os.environ["WECHAT_APPID"], "openid": openid_of(PERSON)}),
        "switches": (SWITCHES_NOW, {}),
        "account of a token": (USER_OF_TOKEN, {"sn": sn_of(PERSON)}),
    }
    found = {}
    for name, (lookup, given) in asked.items():
        lookup.find(**given)
        statement = lookup.statements["postgresql"]
        with connection.cursor() as cursor:
            explain = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF) {statement.sql}"
            cursor.execute(explain, statement.bound(given))
            found[name] = [row[0] for row in cursor.fetchall()]
    return found


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    work = {"token": token, "session": session, "queries": queries, "plans": plans}[sys.argv[1]]
    print(json.dumps(work()))


if __name__ == "__main__":
    main()
