"""The record of login decisions: what happened to whom, why, and how the switches stood."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from accounts.errors import Refused
from accounts.models import LoginEvent, User
from accounts.origin import Origin
from settings_app.models import LoginSettings
from wechat.errors import WechatError
from wechat.miniprogram import MiniProgram

Kind = LoginEvent.Kind


@dataclass(frozen=True)
class Visit:
    """One request of one person: through which mini-program, from where, under which switches, for what."""

    flow: str
    app: MiniProgram
    origin: Origin
    switches: LoginSettings

    def record(self, kind: Kind, user: User | None, *, reason: str = "", errcode: int | None = None) -> None:
        LoginEvent.objects.create(
            user=user,
            kind=kind,
            flow=self.flow,
            reason=reason,
            errcode=errcode,
            app=self.app.alias,
            switches=self.switches.switches(),
            request_id=self.origin.request_id,
            address=self.origin.address,
            user_agent=self.origin.user_agent,
        )

    @contextmanager
    def refusals_recorded(self, user: User | None = None) -> Iterator[None]:
        """Record what refuses this visit and let it go on; a call that was shed unsent writes nothing."""
        try:
            yield
        except Refused as refused:
            self.record(Kind.REFUSED, refused.user or user, reason=refused.slug)
            raise
        except WechatError as error:
            if not error.shed:
                self.record(Kind.REFUSED, user, reason=error.slug, errcode=error.errcode)
            raise
