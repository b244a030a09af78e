"""The simulator inside Django's development server. It lets anybody be anybody: no import of it survives DEBUG off."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

from wechat.simulator.call import Call
from wechat.simulator.configured import apps_of_settings
from wechat.simulator.control import handle
from wechat.simulator.rawsocket import play, socket_under
from wechat.simulator.request import parse_query
from wechat.simulator.script import script
from wechat.simulator.simulator import Simulator
from wechat.simulator.world import World

if not (settings.DEBUG and settings.WECHAT_SIMULATOR):
    raise ImproperlyConfigured("The WeChat simulator is for development: it needs DEBUG and WECHAT_SIMULATOR on.")

simulator = Simulator(World(apps_of_settings()))


@csrf_exempt
def simulate(request: HttpRequest, path: str) -> HttpResponseBase:
    """A fault or a delay goes through the raw socket; a plain answer is a plain response."""
    if not settings.DEBUG:
        raise Http404
    answer, fault = handle(simulator, call_of(request, path))
    if fault is None and not answer.delay:
        return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
    steps = script(answer, fault, keep_alive=False)
    return StreamingHttpResponse(play(steps, socket_under(getattr(request, "environ", {}))))


def call_of(request: HttpRequest, path: str) -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = parse_query(request.META["QUERY_STRING"])
    return Call(str(request.method), f"/{path}", query, headers, request.body, request.META["REMOTE_ADDR"])
