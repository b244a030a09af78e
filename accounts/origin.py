"""Where a request came from: for limits, events and consent records."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

USER_AGENT_LENGTH = 255


@dataclass(frozen=True)
class Origin:
    """`base` is this server as the client sees it, scheme and host without a slash at the end."""

    address: str | None
    user_agent: str
    request_id: str
    base: str

    @classmethod
    def of(cls, request: HttpRequest) -> Origin:
        return cls(
            address=client_address(request),
            user_agent=printable(request.META.get("HTTP_USER_AGENT", ""))[:USER_AGENT_LENGTH],
            request_id=request.META.get("REQUEST_ID", ""),
            base=base_of(request),
        )


def base_of(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def printable(text: str) -> str:
    return text if text.isprintable() else "".join(character if character.isprintable() else " " for character in text)


def client_address(request: HttpRequest) -> str | None:
    """The peer, or what the outermost of `TRUSTED_PROXIES` proxies saw; None where that cannot be told.

    Only the entries that our own proxies appended are believed: everything to the left of them is the client's.
    """
    hops = settings.TRUSTED_PROXIES
    if not hops:
        return parsed(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    return parsed(forwarded[-hops].strip()) if len(forwarded) >= hops else None


@lru_cache(maxsize=1024)
def parsed(text: str) -> str | None:
    """An address in its one spelling, without a port; an IPv4 address mapped into IPv6 is the IPv4 one."""
    host = text.partition("]")[0].lstrip("[") if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def network(address: str | None) -> str:
    """Who shares a limit: one IPv4 address, one IPv6 /64 (a single household has it whole), or all the unknown."""
    if address is None:
        return "unknown"
    if ":" in address:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return address
