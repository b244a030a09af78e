"""The floor: what no login can do without, and nothing else. A raw WSGI callable."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

import jwt
import requests
from psycopg_pool import ConnectionPool

KEY = os.environ["JWT_SIGNING_KEY"]
WECHAT = os.environ["WECHAT_API_BASE"] + "/sns/jscode2session"
APP = {"appid": os.environ["WECHAT_APPID"], "secret": os.environ["WECHAT_SECRET"], "grant_type": "authorization_code"}
SELECT = """
SELECT u.sn, u.token_version, u.mobile FROM accounts_wechatopenid o JOIN accounts_user u ON u.id = o.user_id
WHERE o.appid = %s AND o.openid = %s
"""

session = requests.Session()
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=128))
session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=128))
database = ConnectionPool(os.environ["DATABASE_URL"], min_size=1, max_size=16, open=True)


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    code = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))["code"]
    answer = session.get(WECHAT, params={**APP, "js_code": code}, timeout=5).json()
    with database.connection() as connection:
        row = connection.execute(SELECT, [APP["appid"], answer["openid"]]).fetchone()
    if row is None:
        raise LookupError(answer["openid"])
    sn, version, mobile = row
    token = jwt.encode({"sub": sn, "ver": version, "exp": int(time.time()) + 604_800}, KEY, algorithm="HS256")
    data = {"token": token, "is_new_user": False, "mobile": mobile or "", "next_step": ""}
    body = json.dumps({"code": 1, "msg": "Logged in", "data": data}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
