"""What can go wrong between a server and WeChat, for the next calls or until cleared."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from wechat.simulator.call import Answer
from wechat.simulator.dialect import content_type_of, encode, refusal
from wechat.simulator.phone import invalid_code

# Something else answers in WeChat's place, so the call never reaches it and its code stays good.
REPLACING = {"status", "garbage", "empty", "errcode", "body"}
# WeChat has done its work, code burned and all, and the answer is lost or spoilt on its way.
SPOILING = {"latency", "hang", "reset", "close", "truncated", "drip", "huge"}
# The port itself is closed.
LISTENING = {"refuse"}

GARBAGE = b'<xml><return_code><![CDATA[FAIL]]></return_code>\x00\xff\xfe{"openid":'


@dataclass(slots=True)
class Fault:
    """`calls` 0 is until cleared, `path` empty is every path, `ms` delays any kind.

    `status` and `text` belong to the kind status, `errcode` and `errmsg` to errcode, `body` (any JSON) or `text` (as it
    stands) to body, `interval_ms` and `headers` to drip, `megabytes` and `chunked` to huge, `seconds` to refuse.
    """

    kind: str
    path: str = ""
    calls: int = 0
    ms: int = 0
    status: int = 500
    errcode: int = -1
    errmsg: str = ""
    body: Any = None
    text: str = ""
    interval_ms: int = 500
    headers: bool = False
    megabytes: int = 1
    chunked: bool = False
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in REPLACING | SPOILING | LISTENING:
            raise ValueError(f"{self.kind!r} is none of {', '.join(sorted(REPLACING | SPOILING | LISTENING))}")

    def hits(self, path: str) -> bool:
        return self.path in ("", path)

    def replacement(self, path: str, now: float) -> Answer:
        """The answer given in WeChat's place, by a fault of a replacing kind."""
        if self.kind == "errcode":
            return self._refusal(path, now)
        if self.kind == "status":
            return Answer(self.status, "text/html", self.text.encode() or _page(self.status))
        if self.kind == "garbage":
            return Answer(200, content_type_of(path), GARBAGE)
        if self.kind == "empty":
            return Answer(200, content_type_of(path), b"")
        return Answer(200, content_type_of(path), self.text.encode() or encode(path, self.body))

    def _refusal(self, path: str, now: float) -> Answer:
        errmsg = self.errmsg
        if not errmsg and self.errcode == 40029 and path == "/wxa/business/getuserphonenumber":
            errmsg = invalid_code().text
        return refusal(path, self.errcode, errmsg, now)


class Faults:
    """The faults in force; the one set last is tried first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.insert(0, fault)

    def clear(self) -> None:
        with self._lock:
            self._faults = []

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def take(self, path: str) -> Fault | None:
        """The fault for a call to `path`, counted down."""
        if not self._faults:
            return None
        with self._lock:
            fault = next((fault for fault in self._faults if fault.hits(path)), None)
            if fault and fault.calls:
                fault.calls -= 1
                if not fault.calls:
                    self._faults = [other for other in self._faults if other is not fault]
            return fault


def _page(status: int) -> bytes:
    return (
        f"<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n"
        f"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    ).encode()
