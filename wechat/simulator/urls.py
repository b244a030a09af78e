"""Mounted at `simulator/` in development only; see `views` for what happens elsewhere."""

from __future__ import annotations

from django.urls import re_path

from wechat.simulator.views import simulate

app_name = "simulator"

urlpatterns = [re_path(r"^(?P<path>.*)$", simulate, name="simulate")]
