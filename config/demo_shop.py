"""Orders and a cart, standing in development for an app's own business behind the login.

They say nothing about their permission, so they are open to whoever owes nothing: the default of every endpoint.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404
from django.urls import re_path
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

if not settings.DEBUG:
    raise ImproperlyConfigured("The demo shop is for development: it needs DEBUG on.")

ORDERS = [
    {
        "sn": "D2026112600031",
        "title": _("Light roast coffee beans, 500 g"),
        "amount": "128.00",
        "created_at": "2026-11-26T09:14:00+08:00",
        "status": "paid",
    },
    {
        "sn": "D2026112100018",
        "title": _("Stoneware cup, two pieces"),
        "amount": "86.50",
        "created_at": "2026-11-21T20:41:00+08:00",
        "status": "shipped",
    },
    {
        "sn": "D2026110300007",
        "title": _("Paper filters, 100 sheets"),
        "amount": "19.90",
        "created_at": "2026-11-03T12:05:00+08:00",
        "status": "done",
    },
]
IN_CART = 3


class ShopView(APIView):
    schema = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        if not settings.DEBUG:
            raise Http404
        super().initial(request, *args, **kwargs)


class OrdersView(ShopView):
    def get(self, request: Request) -> Response:
        return Response({"orders": ORDERS})


class CartView(ShopView):
    def get(self, request: Request) -> Response:
        return Response({"count": IN_CART})


app_name = "demo_shop"

urlpatterns = [
    re_path(r"^orders/?$", OrdersView.as_view(), name="orders"),
    re_path(r"^cart/?$", CartView.as_view(), name="cart"),
]
