"""A million users and ten million login events on PostgreSQL, in a database of its own.

`python benchmarks/data.py` makes it, drops it at the end unless told --keep, and touches no other database. The rows
are made by PostgreSQL itself; the tables are filled before their indexes stand, which is what makes it minutes.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
SERVER = os.environ.get("BENCHMARK_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
DATABASE = "login_benchmark"
APPID = "wx1111111111111111"
SWITCHES = '{"mnp_auto_wechat_auth": true, "mnp_wechat_auth": true, "coerce_mobile": false}'
CHUNK = 100_000
# Half a year is how long purge_events keeps events.
DAYS = 180

# Every tenth account without a name or an avatar, two in three with a mobile, one in fifty disabled.
USERS = """
INSERT INTO accounts_user (
    id, password, last_login, is_superuser, username, sn, nickname, avatar, mobile, is_active, is_staff, registered_at,
    profile_completed_at, deleted_at, token_version)
SELECT n, '!', CASE WHEN n %% 4 = 0 THEN registered ELSE now() - (n * 7919 %% 4320) * interval '1 hour' END, false,
    NULL, (1000000000 + n * 7919)::text,
    CASE WHEN n %% 10 = 0 THEN ''
         ELSE (ARRAY['小明','王芳','李娜','Alex','晴天','阿杰','Mia','星河'])[1 + n %% 8] || n END,
    CASE WHEN n %% 10 = 0 THEN '' ELSE 'https://thirdwx.qlogo.cn/mmopen/vi_32/' || md5(n::text) || '/132' END,
    CASE WHEN n %% 3 = 0 THEN NULL ELSE '+86' || (13000000000 + n) END,
    n %% 50 <> 0, false, registered, CASE WHEN n %% 10 = 0 THEN NULL ELSE registered END, NULL, 0
FROM (SELECT n, now() - ((%(users)s - n)::float8 / %(users)s * 1095) * interval '1 day' AS registered
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n) AS people
"""
OPENIDS = """
INSERT INTO accounts_wechatopenid (id, user_id, appid, openid, unionid, created_at)
SELECT id, id, %(appid)s, 'o' || substr(md5(id::text), 1, 27), NULL, registered_at
FROM accounts_user WHERE id BETWEEN %(first)s AND %(last)s
"""
# The newest have the highest id. Three in four events are silent logins, one in fifteen a refusal of nobody known.
EVENTS = """
INSERT INTO accounts_loginevent (
    id, user_id, kind, flow, reason, errcode, app, switches, request_id, address, user_agent, created_at)
SELECT n, CASE WHEN part = 14 THEN NULL ELSE 1 + (n * 7919 %% %(users)s) END,
    (ARRAY['silent_login','silent_login','silent_login','silent_login','silent_login','silent_login','silent_login',
           'silent_login','silent_login','silent_login','authorized_login','registered','completed','mobile_bound',
           'refused'])[1 + part],
    CASE WHEN part < 10 THEN 'silent_login' ELSE 'authorized_login' END,
    CASE WHEN part < 14 THEN '' ELSE (ARRAY['code_invalid','code_used','nickname_rejected','account_disabled',
                                            'wechat_misconfigured','wechat_unavailable'])[1 + why] END,
    CASE WHEN part < 14 THEN NULL ELSE (ARRAY[40029,40163,NULL,NULL,40164,NULL])[1 + why] END,
    'default', %(switches)s::jsonb, md5(n::text), ('10.' || n %% 250 || '.' || n %% 240 || '.7')::inet,
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) MicroMessenger/8.0.60 NetType/WIFI Language/zh_CN',
    now() - ((%(events)s - n)::float8 / %(events)s * %(days)s) * interval '1 day'
FROM (SELECT n, n %% 15 AS part, n / 15 %% 6 AS why
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n) AS numbers
"""


def address(database: str) -> str:
    return SERVER.rsplit("/", 1)[0] + "/" + database


def progress(label: str, done: int, total: int, started: float) -> None:
    bar = "█" * (30 * done // total)
    end = "\n" if done == total else "\r"
    print(f"{label:<22} {bar:<30} {done:>10,} of {total:,}  {time.monotonic() - started:5.0f} s", end=end, flush=True)


Connection = psycopg.Connection[tuple[str, ...]]


def create() -> None:
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def drop() -> None:
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))


def exists() -> bool:
    with psycopg.connect(SERVER) as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is not None


def django() -> None:
    """Set the project up on the benchmark's database, as a production server would run."""
    os.environ |= {
        "ENV_FILE": os.devnull,
        "DATABASE_URL": address(DATABASE),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_SIGNING_KEY": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": "testserver",
        "WECHAT_APPID": APPID,
        "WECHAT_SECRET": "0" * 32,
        # The filter by mini-program is there only where there are two.
        "WECHAT_APPS": "second",
        "WECHAT_APPID_SECOND": "wx2222222222222222",
        "WECHAT_SECRET_SECOND": "0" * 32,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "ERROR",
    }
    for name in ("REDIS_URL", "DEBUG", "WECHAT_SIMULATOR"):
        os.environ.pop(name, None)
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()


@contextmanager
def without_indexes(connection: Connection, table: str) -> Iterator[None]:
    """Drop what can be rebuilt in one go: indexes that no constraint needs, and the checks of foreign keys."""
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
        "(SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass)",
        [table, table],
    ).fetchall()
    foreign = connection.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
        [table],
    ).fetchall()
    for name, _definition in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    for name, _definition in foreign:
        connection.execute(
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name))
        )
    yield
    started = time.monotonic()
    for number, (_name, definition) in enumerate(indexes, 1):
        connection.execute(definition.encode())
        progress("  its indexes", number, len(indexes), started)
    for name, definition in foreign:
        statement = f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}'
        connection.execute(statement.encode())


@contextmanager
def with_defaults(connection: Connection, table: str) -> Iterator[None]:
    """Let PostgreSQL fill the columns that the statements above do not name as Django would."""
    from django.apps import apps

    (model,) = [model for model in apps.get_models() if model._meta.db_table == table and not model._meta.proxy]
    columns = {
        field.column: field.get_default()
        for field in model._meta.local_concrete_fields
        if not (field.null or field.primary_key or field.generated)
    }
    for column, default in columns.items():
        change = sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}")
        literal = default if isinstance(default, str | int | bool) else None
        connection.execute(change.format(sql.Identifier(table), sql.Identifier(column), sql.Literal(literal)))
    yield
    for column in columns:
        change = sql.SQL("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT")
        connection.execute(change.format(sql.Identifier(table), sql.Identifier(column)))


def fill(connection: Connection, table: str, statement: str, rows: int, **values: object) -> None:
    with without_indexes(connection, table), with_defaults(connection, table):
        started = time.monotonic()
        for first in range(1, rows + 1, CHUNK):
            last = min(first + CHUNK - 1, rows)
            connection.execute(statement.encode(), {"first": first, "last": last, **values})
            progress(table, last, rows, started)
    connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}".encode())


def make(scale: float) -> None:
    """Create the database, migrate it and fill it: a scale of 1 is a million users and ten million events."""
    users, events = round(1_000_000 * scale), round(10_000_000 * scale)
    create()
    django()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    connections.close_all()
    with psycopg.connect(address(DATABASE), autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SET max_parallel_maintenance_workers = 1")
        fill(connection, "accounts_user", USERS, users, users=users)
        fill(connection, "accounts_wechatopenid", OPENIDS, users, appid=APPID)
        values = {"users": users, "events": events, "days": DAYS, "switches": SWITCHES}
        fill(connection, "accounts_loginevent", EVENTS, events, **values)
        print("vacuum and analyse")
        connection.execute("VACUUM ANALYZE")
    call_command("aggregate_events")


def arguments(about: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is a million users and ten million events")
    parser.add_argument("--keep", action="store_true", help=f"leave the database {DATABASE} behind for the next run")
    return parser


def main() -> None:
    given = arguments(__doc__).parse_args()
    drop()
    try:
        make(given.scale)
    finally:
        if not given.keep:
            drop()


if __name__ == "__main__":
    main()
