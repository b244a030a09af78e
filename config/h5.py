"""The browser build of the mini-program at `/app/` of a development server, once somebody has built it.

In production a web server or an object store serves such files.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import re_path
from django.views.decorators.http import require_safe
from django.views.static import serve

if not settings.DEBUG:
    raise ImproperlyConfigured("The browser build is served in development only: it needs DEBUG on.")

FOLDER = Path(settings.BASE_DIR, "miniprogram", "dist", "build", "h5")
# uni-app writes style attributes where the screen is wide, and shows a picture that was just chosen from a blob.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; frame-ancestors 'none'"
)


def is_built() -> bool:
    return (FOLDER / "index.html").is_file()


@require_safe
def h5(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file of the build; its one page for an address that is none, because the page reads the address itself."""
    if not settings.DEBUG:
        raise Http404
    if not is_built():
        return render(request, "h5/unbuilt.html", status=404)
    response = serve(request, path if PurePosixPath(path).suffix else "index.html", document_root=str(FOLDER))
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response


urlpatterns = [re_path(r"^(?P<path>.*)$", h5, name="h5")]
