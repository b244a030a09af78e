from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import F, Max

from accounts.events import Kind, Visit
from accounts.models import User
from accounts.origin import Origin
from accounts.session import revoke_tokens
from settings_app.models import LoginSettings
from wechat.miniprogram import MiniProgram

# An UPDATE of so many rows holds nobody up.
BATCH = 5000
FLOW = "shell"


class Command(BaseCommand):
    help = (
        "Kill the tokens of the members with these numbers, or with --all of everybody, at once and on every server. "
        "Nobody has to tap anything: each client logs in silently at its next request. --all costs a login of all "
        "who is there; it goes in batches, and a run that was stopped is just run again. Where the signing key itself "
        "has leaked, replace JWT_SIGNING_KEY instead: whoever has the key makes tokens of any version."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("numbers", nargs="*", metavar="number", help="Member numbers, as the admin shows them.")
        parser.add_argument("--all", action="store_true", help="Everybody.")

    def handle(self, *, numbers: list[str], all: bool, **options: Any) -> None:  # noqa: A002
        if bool(numbers) == all:
            raise CommandError("Name member numbers, or --all.")
        count = revoke_all() if all else revoke(numbers)
        self.stdout.write(f"Tokens of {count} members revoked.")


def revoke(numbers: list[str]) -> int:
    members = list(User.objects.filter(username=None, sn__in=numbers))
    unknown = set(numbers) - {member.sn for member in members}
    if unknown:
        raise CommandError(f"There is no member {', '.join(sorted(unknown))}; nothing was done.")
    for member in members:
        revoke_tokens(member, visit())
    return len(members)


def revoke_all() -> int:
    """Recorded once, and before it is done: what was begun is to be found."""
    visit().record(Kind.REVOKED, None, reason="everybody")
    last = User.objects.aggregate(last=Max("pk"))["last"] or 0
    count = 0
    for start in range(0, last, BATCH):
        members = User.objects.filter(username=None, pk__gt=start, pk__lte=start + BATCH)
        count += members.update(token_version=F("token_version") + 1)
    return count


def visit() -> Visit:
    nobody = Origin(address=None, user_agent="", request_id="", base="")
    return Visit(FLOW, MiniProgram(alias="", appid="", secret=""), nobody, LoginSettings.current())
