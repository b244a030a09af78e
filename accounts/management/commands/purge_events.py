from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import LoginEvent

BATCH = 1000


class Command(BaseCommand):
    help = (
        "Delete login events older than --days. Run it daily: events hold addresses and devices, which may not be kept "
        "for ever, and the table grows with every login. Half a year answers what customer service is asked; consents "
        "are not touched. --dry-run deletes nothing and tells how many it would be, before the first run or a shorter "
        "--days. It deletes in batches, so that logins go on meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=180, help="Keep the events of so many days (180).")
        parser.add_argument("--dry-run", action="store_true", help="Only tell how many there are.")

    def handle(self, *, days: int, dry_run: bool, **options: Any) -> None:
        if days < 1:
            raise CommandError("--days must be at least 1.")
        old = LoginEvent.objects.filter(created_at__lt=timezone.now() - timedelta(days=days)).order_by("pk")
        if dry_run:
            self.stdout.write(f"{old.count()} login events would be deleted.")
            return
        deleted = 0
        while batch := list(old.values_list("pk", flat=True)[:BATCH]):
            deleted += LoginEvent.objects.filter(pk__in=batch).delete()[0]
        self.stdout.write(f"{deleted} login events deleted.")
