from __future__ import annotations

from django.template import Library

register = Library()


@register.filter
def grouped(number: int) -> str:
    """1284 as "1,284", which is how Chinese and English both write it."""
    return f"{number:,}"
