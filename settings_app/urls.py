from __future__ import annotations

from django.urls import re_path

from settings_app.views import AgreementView, ClientConfigView

app_name = "settings_app"

urlpatterns = [
    re_path(r"^config/?$", ClientConfigView.as_view(), name="config"),
    re_path(r"^agreements/(?P<type>[^/]+)/?$", AgreementView.as_view(), name="agreement"),
]
