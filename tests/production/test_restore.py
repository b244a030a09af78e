"""A backup is worth what its restore is: the documented commands bring back every row, which is seen at work."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.production.conftest import Product
from tests.production.load import Phone
from tests.production.servers import ROOT, Gunicorn, PostgreSQL, Wechat, program

KEYS = {
    "SECRET_KEY": "restored-Kd8Tz3Wq6Lx1Vn9Rb4Yc7Mf2Hg5Js0P-Ee4Xu7Ti1Ka9",
    "JWT_SIGNING_KEY": "restored-Qa4Ws7Ed1Rf8Tg2Yh5Uj9Ik3Ol6Pz0X",
}


def documented() -> list[str]:
    """The two blocks of docs/operate.md: taking a backup, and restoring it."""
    text = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    section = text.partition("## Backup and restore")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def run(script: str, server: Gunicorn, **given: str) -> None:
    path = f"{Path(program('pg_dump')).parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**server.environment(), **given, "PATH": path}
    finished = subprocess.run(["bash", "-euo", "pipefail"], input=script, text=True, env=environment, cwd=ROOT,
                              capture_output=True)  # fmt: skip
    assert finished.returncode == 0, finished.stderr


def phone(server: Gunicorn, person: str) -> Phone:
    return Phone(server.port, person)


@pytest.fixture
def before(product: Product, wechat: Wechat, folder: Path) -> Gunicorn:
    (folder / "shop").mkdir(exist_ok=True)
    return product(MEDIA_ROOT=str(folder / "shop"), **KEYS)


def every_row(cluster: PostgreSQL, database: str) -> dict[str, list[Any]]:
    tables = cluster.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database)
    return {table: cluster.execute(f'SELECT * FROM "{table}" ORDER BY 1', database) for (table,) in tables}


def upload(phone: Phone) -> str:
    picture = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(picture, "PNG")
    form = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="me.png"\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=limit", "token": phone.token}
    connection = phone.client.connection
    connection.request("POST", "/api/upload/image", form + picture.getvalue() + b"\r\n--limit--\r\n", headers)
    found = re.search(rb'"uri":\s*"([^"]+)"', connection.getresponse().read())
    assert found
    return found[1].decode()


def test_what_was_backed_up_is_there_after_a_restore(
    before: Gunicorn,
    product: Product,
    cluster: PostgreSQL,
    database: str,
    wechat: Wechat,
    folder: Path,
) -> None:
    alice, bob, _carol = (phone(before, name).registered() for name in ("alice", "bob", "carol"))
    avatar = upload(alice)
    assert alice.ask("POST", "login/updateUser", {"avatar": avatar}).outcome == 1
    bob_at_first = bob.token
    bob.ask("POST", "login/logout")
    before.manage("login_settings", "mnp_wechat_auth=off")
    profile = alice.info().body["data"]
    backup, media = folder / "backup", folder / "restored"
    backup.mkdir()
    media.mkdir()
    take, restore = documented()

    run(take, before, BACKUP=str(backup))
    before.kill()
    cluster.execute("CREATE DATABASE restored")
    restored_url = cluster.url("restored")
    run(restore, before, BACKUP=str(backup), RESTORED_URL=restored_url, RESTORED_MEDIA=str(media))
    assert every_row(cluster, "restored") == every_row(cluster, database)
    after = product(DATABASE_URL=restored_url, MEDIA_ROOT=str(media), **KEYS)

    returning = phone(after, "alice")
    returning.token = alice.token
    info = returning.info().body["data"]
    assert {**info, "avatar": ""} == {**profile, "avatar": ""}
    assert info["avatar"].endswith(avatar)
    returning.client.connection.request("GET", avatar)
    assert returning.client.connection.getresponse().read().startswith(b"\xff\xd8")
    gone = phone(after, "bob")
    gone.token = bob_at_first
    assert gone.info().outcome == "not_logged_in"
    assert gone.silent_login().body["data"]["next_step"] == ""
    assert phone(after, "carol").silent_login().body["data"]["is_new_user"] is False
    assert phone(after, "dora").auth_login().outcome == "authorized_login_disabled"
    after.manage("login_settings", "mnp_wechat_auth=on")
    assert phone(after, "dora").registered().info().outcome == 1
