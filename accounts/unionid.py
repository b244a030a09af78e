"""A unionid that appears later (the app was bound to an Open Platform account) is attached, never allowed to merge."""

from __future__ import annotations

from django.db import transaction

from accounts.events import Kind, Visit
from accounts.models import LoginEvent, WechatOpenid, WechatUnionid


def attach_unionid(openid: WechatOpenid, unionid: str, visit: Visit) -> None:
    """Note the unionid at the openid's account; if it leads to another account, the openid's wins and staff is told."""
    with transaction.atomic():
        owner, _created = WechatUnionid.objects.get_or_create(unionid=unionid, defaults={"user_id": openid.user_id})
        if owner.user_id != openid.user_id:
            record_conflict_once(openid, visit)
            return
        WechatOpenid.objects.filter(pk=openid.pk).update(union=owner)
        visit.record(Kind.UNIONID_ATTACHED, openid.user)


def record_conflict_once(openid: WechatOpenid, visit: Visit) -> None:
    known = LoginEvent.objects.filter(user_id=openid.user_id, kind=Kind.UNIONID_CONFLICT, app=visit.app.alias)
    if not known.exists():
        visit.record(Kind.UNIONID_CONFLICT, openid.user)
