"""What a client has to know before it logs anyone in: the switches, and the agreements in force."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from settings_app.models import Agreement, LoginSettings


def client_config(settings: LoginSettings | None = None, *, origin: str = "") -> dict[str, Any]:
    """The data of `GET config`, also sent with refusals by a switch.

    `origin` is scheme://host without a slash at its end; without it the agreements' URLs are paths.
    """
    agreements = Agreement.in_force()
    return {
        **(settings or LoginSettings.current()).switches(),
        "agreements": [summary(agreement, origin) for agreement in agreements],
        "agreements_version": ",".join(f"{agreement.type}:{agreement.version}" for agreement in agreements),
    }


def summary(agreement: Agreement, origin: str) -> dict[str, str]:
    path = reverse("settings_app:agreement", kwargs={"type": agreement.type})
    return {
        "type": agreement.type,
        "title": agreement.title,
        "version": agreement.version,
        "url": f"{origin}{path}",
    }
