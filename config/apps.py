from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.apps import DefaultConfig as OtpConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401

        if settings.METRICS_TOKEN:
            from config import metrics

            metrics.install()
        if settings.DEBUG:
            from config import timing

            timing.install()


class SiteConfig(AdminConfig):
    default_site = "config.admin.Site"


class SecondFactorConfig(OtpConfig):  # type: ignore[misc]
    verbose_name = _("Second factor")

    def ready(self) -> None:
        """Staff sets its second factor up by itself and a superuser removes it on the account's page, so that the
        stock pages of keys, drifts and steps go."""
        from django.contrib import admin
        from django_otp.plugins.otp_totp.models import TOTPDevice

        super().ready()
        admin.site.unregister(TOTPDevice)
