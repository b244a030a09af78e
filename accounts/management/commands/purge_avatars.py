from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import AvatarUpload, User

# Between uploading a picture and saving the profile lie seconds; a day is generous.
UNUSED_FOR = timedelta(hours=24)


class Command(BaseCommand):
    help = (
        "Delete uploaded avatars that are older than 24 hours and that no user shows: pictures of a profile that was "
        "never saved, and those that were replaced. Run it daily: without it, uploads fill the disk. An avatar in use "
        "is kept however old it is. --dry-run deletes nothing and tells how many it would be."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only tell how many there are.")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        shown = User.objects.filter(avatar=OuterRef("name"))
        unused = AvatarUpload.objects.filter(~Exists(shown), created_at__lt=timezone.now() - UNUSED_FOR)
        if dry_run:
            self.stdout.write(f"{unused.count()} avatars would be deleted.")
            return
        deleted = 0
        for upload in unused.iterator():
            # The file first: if this stops half way, the row that is left finds it again.
            default_storage.delete(upload.name)
            upload.delete()
            deleted += 1
        self.stdout.write(f"{deleted} avatars deleted.")
