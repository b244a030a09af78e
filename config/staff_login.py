"""Staff log in with a password; guessing one is slow, whichever name and address it is tried from."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.origin import client_address, network
from config.models import StaffLoginFailure

logger = logging.getLogger(__name__)

LOCKED_FOR = timedelta(minutes=15)
# A person mistypes a password three times; behind one address there may be a team.
FAILURES_PER_NAME = 5
FAILURES_PER_NETWORK = 10
# As long as a user name can be; of a longer one the beginning is counted.
NAME_LENGTH = 150
LOCKED = _("Too many wrong passwords. Please wait 15 minutes, or have a superuser set a new one.")


class StaffAuthenticationForm(AdminAuthenticationForm):
    """Each attempt counts as a failure until the password proved right, so that simultaneous guesses count, too."""

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username", "").casefold()[:NAME_LENGTH]
        attempt = StaffLoginFailure.objects.create(name=name, network=self.network())
        if locked(attempt):
            attempt.delete()
            logger.warning("staff login locked")
            raise ValidationError(LOCKED, code="locked")
        cleaned: dict[str, Any] = super().clean()
        forgive(attempt)
        return cleaned

    def network(self) -> str:
        return network(client_address(self.request) if self.request else None)


def locked(attempt: StaffLoginFailure) -> bool:
    counted = StaffLoginFailure.objects.filter(at__gt=timezone.now() - LOCKED_FOR)
    by_name = counted.filter(name=attempt.name).count()
    return by_name > FAILURES_PER_NAME or counted.filter(network=attempt.network).count() > FAILURES_PER_NETWORK


def forgive(attempt: StaffLoginFailure) -> None:
    """After the right password: this name's failures, and whatever no longer counts; not the address's others."""
    expired = Q(at__lte=timezone.now() - LOCKED_FOR)
    StaffLoginFailure.objects.filter(Q(name=attempt.name) | expired).delete()
