"""Development data and where to look at it."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.demo import make_people
from accounts.models import User

ADMIN = "admin"
READABLE = """\
People    alice    complete, with a mobile number
          bob      complete, without a mobile number
          charlie  registered, profile not completed
          dave     unknown here

Start     {start}
API docs  {docs}
Admin     {admin}
          user {user}, {password}

{short}"""


class Command(BaseCommand):
    help = (
        "Make development data (alice, bob, charlie, and the staff user admin); run it again to put it back in order."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo data is for development: it needs DEBUG on.")
        make_people()
        password = make_admin()
        facts = {**addresses(), "user": ADMIN} | ({"password": password} if password else {})
        short = " ".join(f"{name}={value}" for name, value in facts.items())
        self.stdout.write(READABLE.format(**addresses(), user=ADMIN, password=sentence(password), short=short))


def addresses() -> dict[str, str]:
    base = settings.SIMULATOR_BASE.removesuffix("/simulator")
    return {"start": f"{base}/", "docs": f"{base}/api/docs", "admin": f"{base}/admin/"}


def make_admin() -> str:
    """The password of the account, if it was made now."""
    if User.objects.filter(username=ADMIN).exists():
        return ""
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser(ADMIN, password)
    return password


def sentence(password: str) -> str:
    return f"password {password}" if password else f"password as before; reset it: manage.py changepassword {ADMIN}"
