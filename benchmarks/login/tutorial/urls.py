from __future__ import annotations

from django.contrib import admin
from django.urls import path

from benchmarks.login.tutorial.views import WechatLoginView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/login/silentLogin", WechatLoginView.as_view()),
]
