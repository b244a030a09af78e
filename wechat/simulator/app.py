"""A Mini Program as WeChat's console knows it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

DEFAULT_APPID = "wx0123456789abcdef"
DEFAULT_SECRET = "0123456789abcdef" * 2


@dataclass(frozen=True, slots=True)
class App:
    """`open_account` names the Open Platform account it is bound to: without one there are no unionids.

    `phone_capable` is true of verified, non-personal subjects, the only ones that may ask for phone numbers.
    `ip_whitelist` holds at most ten of `1.2.3.4`, `1.2.3.*` and `1.2.3.0/24`; empty means off.
    """

    appid: str
    secret: str
    open_account: str = ""
    phone_capable: bool = True
    frozen: bool = False
    ip_whitelist: tuple[str, ...] = ()

    def admits(self, peer: str) -> bool:
        return not self.ip_whitelist or any(_covers(entry, peer) for entry in self.ip_whitelist)


def parse_app(text: str) -> App:
    """`appid:secret` or `appid:secret:open_account`; anything else is a ValueError."""
    appid, colon, rest = text.partition(":")
    secret, _, open_account = rest.partition(":")
    if not (appid and colon and secret):
        raise ValueError(f"{text!r} is not appid:secret[:open_account]")
    return App(appid, secret, open_account)


def _covers(entry: str, peer: str) -> bool:
    if entry.endswith(".*"):
        return peer.startswith(entry[:-1])
    try:
        return ip_address(peer) in ip_network(entry, strict=False)
    except ValueError:
        return False
