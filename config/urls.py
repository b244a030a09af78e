"""Every route. Outside `/api/`: the admin and the health checks.

In development also the start page, the mini-program's browser build, a demo shop behind the login, and the simulator.
"""

from __future__ import annotations

import re

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.static import serve
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import errors, health

urlpatterns = [
    path("api/", include("accounts.urls")),
    path("api/", include("settings_app.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    # Avatars were encoded here, so serving them is safe; a proxy or an object store does it faster.
    re_path(
        rf"^{re.escape(settings.MEDIA_URL.lstrip('/'))}(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT}
    ),
]

# The stock template has an inline style, which the Content-Security-Policy forbids.
docs = SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="docs/index.html")
if settings.API_DOCS:
    urlpatterns += [
        path("api/schema", SpectacularAPIView.as_view(), name="schema"),
        path("api/docs", docs, name="docs"),
    ]

if settings.METRICS_TOKEN:
    from config.metrics import metrics

    urlpatterns.append(path("metrics", metrics))

if settings.DEBUG:
    urlpatterns += [
        path("", include("config.start")),
        path("app/", include("config.h5")),
        path("api/demo/", include("config.demo_shop")),
    ]

if settings.DEBUG and settings.WECHAT_SIMULATOR:
    urlpatterns.append(path("simulator/", include("wechat.simulator.urls")))

handler400 = errors.bad_request
handler404 = errors.not_found
handler500 = errors.server_error
