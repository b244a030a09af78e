from __future__ import annotations

from settings_app.admin.agreements import AgreementAdmin
from settings_app.admin.switches import LoginSettingsAdmin

__all__ = ["AgreementAdmin", "LoginSettingsAdmin"]
