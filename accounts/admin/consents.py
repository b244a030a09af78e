"""What a person agreed to, with the very text: a published version never changes."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Consent, User
from settings_app.models import Agreement


@dataclass(frozen=True)
class Agreed:
    """One agreement of one consent; `text` is None where that version is not published here."""

    type: str
    version: str
    text: Agreement | None


@dataclass(frozen=True)
class ConsentShown:
    consent: Consent
    agreed: list[Agreed]


def consents(user: User) -> list[ConsentShown]:
    """Newest first, in two queries."""
    given = list(user.consents.order_by("-created_at", "-pk"))
    texts = published({version for consent in given for version in consent.agreements.values()})
    return [ConsentShown(consent, agreed(consent, texts)) for consent in given]


def published(versions: set[str]) -> dict[tuple[str, str], Agreement]:
    found = Agreement.objects.filter(version__in=versions, published_at__isnull=False)
    return {(agreement.type, agreement.version): agreement for agreement in found}


def agreed(consent: Consent, texts: dict[tuple[str, str], Agreement]) -> list[Agreed]:
    labels = dict(Agreement.Type.choices)
    return [
        Agreed(str(labels.get(kind, kind)), version, texts.get((kind, version)))
        for kind, version in consent.agreements.items()
    ]
