"""What an operator runs every day: old events and unused pictures go, everything else stays."""

from __future__ import annotations

import io
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from accounts.management.commands import purge_events
from accounts.models import AvatarUpload, Consent, LoginEvent, User
from tests.conftest import Phone


def output(command: str, **options: Any) -> str:
    written = StringIO()
    call_command(command, stdout=written, **options)
    return written.getvalue().strip()


def event_of(days: float) -> LoginEvent:
    event = LoginEvent.objects.create(kind=LoginEvent.Kind.REFUSED, switches={})
    LoginEvent.objects.filter(pk=event.pk).update(created_at=timezone.now() - timedelta(days=days))
    return event


def test_events_are_kept_for_half_a_year(db: None) -> None:
    kept, _old, _older = event_of(179.9), event_of(180.1), event_of(400)

    assert output("purge_events") == "2 login events deleted."
    assert list(LoginEvent.objects.all()) == [kept]


def test_events_are_kept_for_as_many_days_as_asked(db: None) -> None:
    kept, _old = event_of(6.9), event_of(7.1)

    assert output("purge_events", days=7) == "1 login events deleted."
    assert list(LoginEvent.objects.all()) == [kept]


def test_all_batches_of_events_are_deleted(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge_events, "BATCH", 2)
    for _event in range(5):
        event_of(200)

    assert output("purge_events") == "5 login events deleted."
    assert LoginEvent.objects.count() == 0


def test_dry_run_counts_events_and_deletes_none(db: None) -> None:
    event_of(200)

    assert output("purge_events", dry_run=True) == "1 login events would be deleted."
    assert LoginEvent.objects.count() == 1


@pytest.mark.parametrize("days", [0, -1])
def test_all_events_cannot_be_deleted_by_mistake(db: None, days: int) -> None:
    with pytest.raises(CommandError, match="at least 1"):
        output("purge_events", days=days)


def test_accounts_and_consents_outlive_their_events(alice: Phone) -> None:
    alice.complete()
    LoginEvent.objects.update(created_at=timezone.now() - timedelta(days=1000))

    output("purge_events")

    assert (User.objects.count(), Consent.objects.count(), LoginEvent.objects.count()) == (1, 1, 0)
    assert alice.get("user/info")["code"] == 1


def uploaded(phone: Phone, hours: float) -> AvatarUpload:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    picture.seek(0)
    picture.name = "me.png"
    response = phone.client.post("/api/upload/image", {"file": picture}, headers={"token": phone.token})
    assert response.json()["code"] == 1
    upload = AvatarUpload.objects.latest("pk")
    AvatarUpload.objects.filter(pk=upload.pk).update(created_at=timezone.now() - timedelta(hours=hours))
    return upload


def stored() -> set[str]:
    return {f"avatars/{name}" for name in default_storage.listdir("avatars")[1]}


def test_pictures_that_nobody_shows_go_after_a_day_with_their_files(alice: Phone) -> None:
    alice.register()
    before = stored() if default_storage.exists("avatars") else set()
    replaced, shown, fresh = uploaded(alice, 100), uploaded(alice, 100), uploaded(alice, 23.9)
    alice.update_user(nickname="Alice", avatar=default_storage.url(replaced.name))
    alice.update_user(avatar=default_storage.url(shown.name))

    assert output("purge_avatars") == "1 avatars deleted."

    assert {upload.name for upload in AvatarUpload.objects.all()} == {shown.name, fresh.name}
    assert stored() - before == {shown.name, fresh.name}


def test_dry_run_counts_pictures_and_deletes_none(alice: Phone) -> None:
    upload = uploaded(alice.register(), 25)

    assert output("purge_avatars", dry_run=True) == "1 avatars would be deleted."
    assert default_storage.exists(upload.name)
    assert AvatarUpload.objects.count() == 1


def test_a_row_whose_file_is_gone_already_goes_too(alice: Phone) -> None:
    upload = uploaded(alice.register(), 25)
    default_storage.delete(upload.name)

    assert output("purge_avatars") == "1 avatars deleted."
    assert AvatarUpload.objects.count() == 0
