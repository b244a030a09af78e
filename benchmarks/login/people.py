"""Known people for the login benchmark: `python -m benchmarks.login.people --users 1000`.

Complete accounts who logged in a moment ago, made by PostgreSQL itself in the database of DATABASE_URL.
"""

from __future__ import annotations

import argparse
import os

import psycopg

from benchmarks import data

USERS = """
INSERT INTO accounts_user (
    id, password, last_login, is_superuser, username, sn, nickname, avatar, mobile, is_active, is_staff, registered_at,
    profile_completed_at, deleted_at, token_version)
SELECT n, '!', now(), false, NULL, (1000000000 + n * 797)::text, 'Person ' || n,
    'https://thirdwx.qlogo.cn/mmopen/vi_32/' || md5(n::text) || '/132', '+86' || (13000000000 + n), true, false,
    now() - n * interval '1 second', now(), NULL, 0
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
TUTORIAL = """
INSERT INTO auth_user (
    id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
SELECT id, '!', false, 'o' || substr(md5(id::text), 1, 27), '', '', '', false, true, now()
FROM generate_series(1, %(users)s::bigint) AS id
"""


def fill(users: int) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")
        data.fill(connection, "accounts_user", USERS, users)
        data.fill(connection, "accounts_wechatopenid", data.OPENIDS, users, appid=os.environ["WECHAT_APPID"])
        connection.execute("VACUUM ANALYZE")


def fill_tutorial(users: int) -> None:
    with psycopg.connect(os.environ["TUTORIAL_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(TUTORIAL, {"users": users})
        connection.execute("SELECT setval(pg_get_serial_sequence('auth_user', 'id'), max(id)) FROM auth_user")
        connection.execute("VACUUM ANALYZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, required=True)
    parser.add_argument("--tutorial", action="store_true", help="in the tutorial's database")
    given = parser.parse_args()
    settings = "benchmarks.login.tutorial.settings" if given.tutorial else "config.settings"
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    (fill_tutorial if given.tutorial else fill)(given.users)


if __name__ == "__main__":
    main()
