"""The server's entry: `gunicorn config.wsgi`. It refuses to start where `manage.py check` finds an error."""

from __future__ import annotations

import os

from django.core.checks import ERROR, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def refuse_to_start_with_errors() -> None:
    """Raise ImproperlyConfigured naming everything that is wrong."""
    errors = [message for message in run_checks() if message.level >= ERROR and not message.is_silenced()]
    if errors:
        raise ImproperlyConfigured("\n".join(["refusing to start:", *map(str, errors)]))


application = get_wsgi_application()
refuse_to_start_with_errors()
