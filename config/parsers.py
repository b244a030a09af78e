"""How a request body is read: UTF-8 JSON objects, and nothing that could surprise the rest of the code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils import json as strict_json


class JSONParser(BaseParser):
    """UTF-8 whatever charset the client claims; NaN, Infinity and bottomless nesting are a clear refusal."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        body = stream.read()
        try:
            parsed = json.loads(body.decode() or "{}", parse_constant=strict_json.strict_constant)
        except (ValueError, RecursionError):
            raise ParseError from None
        if not isinstance(parsed, dict):
            raise ParseError
        return parsed


class AlwaysJSON(BaseContentNegotiation):
    """The API speaks JSON to everybody: no `Accept` header makes it answer 406."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        content_type = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == content_type), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type
