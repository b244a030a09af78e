"""The one way to change the switches, so that the admin and the shell leave the same history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from settings_app.models import LoginSettings, SwitchChange


class ChangedMeanwhile(Exception):
    """The switches stand otherwise than whoever wants to change them has seen."""


def change_switches(
    changes: Mapping[str, bool],
    *,
    by: Any = None,
    source: SwitchChange.Source,
    expected: Mapping[str, bool] | None = None,
) -> SwitchChange | None:
    """Set the named switches for the next request on, and record it; None if they stood so already.

    `by` is a user, or None for a shell. A name that is no switch raises KeyError, and nothing is changed; nor is it if
    the switches do not stand as `expected`, which raises ChangedMeanwhile.
    """
    with transaction.atomic():
        row, _created = LoginSettings.objects.select_for_update().get_or_create(pk=1)
        before = row.switches()
        if expected is not None and before != expected:
            raise ChangedMeanwhile
        for name, on in changes.items():
            before[name]
            setattr(row, name, on)
        if row.switches() == before:
            return None
        row.save(update_fields=list(changes))
        return SwitchChange.objects.create(by=by, source=source, before=before, after=row.switches())
