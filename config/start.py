"""The start page of a development server: a phone to play with, next to a log of what it sends and gets.

It has its own words in both languages and calls the API as any client does; nothing else knows of it.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from config.h5 import is_built

if not settings.DEBUG:
    raise ImproperlyConfigured("The start page is for development: it needs DEBUG on.")


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        raise Http404
    context = {"simulator": settings.WECHAT_SIMULATOR, "docs": settings.API_DOCS, "h5": is_built()}
    return render(request, "start/index.html", context)


urlpatterns = [path("", start, name="start")]
