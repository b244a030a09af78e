from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import statistics


class Command(BaseCommand):
    help = (
        "Count the login events of the days that are over, for the overview of the admin. Run it hourly, or at least "
        "daily and before purge_events: a day that is counted stays counted when its events are purged. Each day is "
        "counted once, the newest first, in a transaction of its own, so a run that was stopped is continued by the "
        "next, and running it twice changes nothing. It also stores the hours of today that are over (which keeps the "
        "overview quick on a busy day), how many unknown visitors the cache has counted, and how many users have no "
        "real name or avatar."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            default=statistics.WINDOW,
            help=f"Look back so many days ({statistics.WINDOW}, which is what the overview shows).",
        )

    def handle(self, *, days: int, **options: Any) -> None:
        if not 1 <= days <= 3660:
            raise CommandError("--days must be from 1 to 3660.")
        today = statistics.today()
        statistics.store(today, statistics.count_members())
        statistics.aggregate_hours(today)
        visits = sum(
            statistics.store_unknown_visits(today - timedelta(days=back)) for back in range(statistics.UNKNOWN_DAYS)
        )
        counted = 0
        for back in range(1, days + 1):
            day = today - timedelta(days=back)
            if statistics.aggregate(day):
                counted += 1
                self.stdout.write(f"{day} counted.")
        self.stdout.write(f"{counted} days counted, {visits} visits of unknown people stored.")
