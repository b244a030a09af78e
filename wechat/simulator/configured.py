"""The apps of the Django settings, for the mount and the management command."""

from __future__ import annotations

from django.conf import settings

from wechat.simulator.app import App


def apps_of_settings() -> list[App]:
    """One for each entry of WECHAT_APPS that has an AppID and a secret."""
    entries = settings.WECHAT_APPS.values()
    return [App(entry["APPID"], entry["SECRET"]) for entry in entries if entry["APPID"] and entry["SECRET"]]
