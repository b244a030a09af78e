"""What an agreement's HTML must not contain, because a client shows it as it is.

This is not a sanitiser: it refuses rather than repairs, and it reads the text without parsing it, so that no parser's
opinion differs from a browser's. It errs towards refusing: prose that looks like an event handler has to be reworded.
"""

from __future__ import annotations

import html
import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

ELEMENTS = (
    "applet|base|button|embed|form|frame|frameset|iframe|input|link|math|meta|noscript|object|script|style|svg|template"
)
ELEMENT = re.compile(rf"<({ELEMENTS})(?![\w-])", re.IGNORECASE)
HANDLER = re.compile(r"[\s\"'/](on[a-z]{3,})\s*=", re.IGNORECASE)
SCHEME = re.compile(r"(javascript:|vbscript:|data:text/html)", re.IGNORECASE)
IGNORED_IN_SCHEMES = re.compile(r"[\x00-\x20]+")


def refuse_active_content(content: str) -> None:
    """Raise ValidationError naming everything in an HTML text that runs code, loads a page or sends a form."""
    if found := active_content(content):
        message = _("Not allowed here, because it could run in the mini-program: %(found)s.")
        raise ValidationError(message, params={"found": ", ".join(found)})


def active_content(content: str) -> list[str]:
    elements = [f"<{name.lower()}>" for name in ELEMENT.findall(content)]
    handlers = [f"{name.lower()}=" for name in HANDLER.findall(content)]
    # Browsers decode entities and drop blanks before they read the scheme.
    address_text = IGNORED_IN_SCHEMES.sub("", html.unescape(content))
    schemes = [name.lower() for name in SCHEME.findall(address_text)]
    return list(dict.fromkeys(elements + handlers + schemes))
