"""The CSV export: the promised columns, harmless in a spreadsheet, masked, recorded, and never whole in memory."""

from __future__ import annotations

import csv
import io
import types
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import export
from accounts.export import csv_lines, harmless
from accounts.models import LoginEvent, User
from tests.conftest import Phone
from tests.test_admin_users import LIST, NUMBER, deleted_member, member, staff

pytestmark = pytest.mark.django_db

EXPORT = f"{LIST}export/"
WHY = {"reason": "asked by the auditors"}
COLUMNS = ["sn", "nickname", "mobile", "state", "apps", "registered_at", "profile_completed_at", "last_login"]


@pytest.fixture
def paul() -> Client:
    return staff("paul", "privacy officer")


def body(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def rows(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(response).decode("utf-8-sig"), newline="")))


def names(response: Any) -> list[str]:
    return [line["nickname"] for line in rows(response)]


def test_the_promised_columns_open_in_a_parser(alice: Phone, paul: Client) -> None:
    alice.complete('Li, "Lee"')
    alice.bind_mobile(NUMBER)
    user = alice.user

    response = paul.post(EXPORT, WHY)

    assert response.streaming
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="users-')
    times = [user.registered_at, user.profile_completed_at, user.last_login]
    assert rows(response) == [
        dict(
            zip(
                COLUMNS,
                [user.sn, 'Li, "Lee"', "138****8000", "complete", "default"]
                + [timezone.localtime(at).isoformat(timespec="seconds") for at in times],
                strict=True,
            )
        )
    ]
    assert all(f"\n{name} " in f"{export.__doc__} " or f"\n{name}\n" in str(export.__doc__) for name in COLUMNS)


def test_it_begins_with_a_byte_order_mark_and_quotes_everything(paul: Client) -> None:
    member()

    first, second, rest = body(paul.post(EXPORT, WHY)).split(b"\r\n")

    assert first == b"\xef\xbb\xbf" + ",".join(f'"{name}"' for name in COLUMNS).encode()
    assert second.count(b'"') == 2 * len(COLUMNS)
    assert rest == b""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(paul: Client, start: str) -> None:
    member(f"{start}HYPERLINK(1)")

    assert names(paul.post(EXPORT, WHY)) == [f"'{start}HYPERLINK(1)"]


@pytest.mark.parametrize("cell", ["", "Alice", "a=1", "138****8000", " =1"])
def test_what_is_no_formula_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell


@pytest.mark.parametrize(
    ("mobile", "masked", "full"),
    [("+8613800138000", "138****8000", "13800138000"), ("+85251234567", "'+85****4567", "'+85251234567")],
)
def test_mobiles_are_masked_unless_asked_for_by_who_may(paul: Client, mobile: str, masked: str, full: str) -> None:
    member("Alice", mobile=mobile)

    assert rows(paul.post(EXPORT, WHY))[0]["mobile"] == masked
    assert rows(paul.post(EXPORT, {**WHY, "full_mobiles": "on"}))[0]["mobile"] == full


def test_who_may_not_see_numbers_gets_masked_ones_however_he_asks() -> None:
    member("Alice", mobile="+8613800138000")
    emma = staff("emma")
    grant(User.objects.get(username="emma"), "view_user", "export_users")

    assert "full_mobiles" not in emma.get(EXPORT).content.decode()
    assert rows(emma.post(EXPORT, {**WHY, "full_mobiles": "on"}))[0]["mobile"] == "138****8000"
    assert LoginEvent.objects.get().reason == "masked"


def grant(account: User, *codenames: str) -> None:
    from django.contrib.auth.models import Permission

    account.user_permissions.set(Permission.objects.filter(codename__in=codenames))


def test_each_export_is_recorded_before_its_first_line(paul: Client) -> None:
    paul.post(EXPORT, {**WHY, "full_mobiles": "on"})

    event = LoginEvent.objects.get()
    assert (event.kind, event.reason, event.by, event.note, event.user) == (
        "exported",
        "full",
        "paul",
        "asked by the auditors",
        None,
    )
    assert LogEntry.objects.get().get_change_message() == "exported: full: asked by the auditors"


def test_nothing_is_exported_without_a_reason_or_by_get(paul: Client) -> None:
    for response in (paul.get(EXPORT), paul.post(EXPORT, {}), paul.post(EXPORT, {"reason": " "})):
        assert not response.streaming
        assert response.status_code == 200
    assert not LoginEvent.objects.exists()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Dora", "", "Alan", "Alice"]),
        ("?state=disabled", ["Dora"]),
        ("?state=new", [""]),
        ("?state=deleted", [""]),
        ("?q=Al", ["Alan", "Alice"]),
        ("?q=Al&state=disabled", []),
        ("?registered=today", ["Dora", "", "Alan", "Alice"]),
        ("?last_login=today", []),
    ],
)
def test_it_holds_what_the_list_shows_with_the_same_filters(paul: Client, query: str, expected: list[str]) -> None:
    member("Alice")
    member("Alan")
    member()
    member("Dora", is_active=False)
    deleted_member()

    assert names(paul.post(f"{EXPORT}{query}", WHY)) == expected


def test_the_list_leads_to_the_export_of_what_it_shows(paul: Client) -> None:
    member("Alice")

    assert f'href="{EXPORT}?q=Al&amp;state=new"' in paul.get(f"{LIST}?q=Al&state=new").content.decode()
    page = paul.get(f"{EXPORT}?state=complete&q=Al").content.decode()
    assert 'action="?state=complete&amp;q=Al"' in page
    assert "as the list shows them with its filters: 1." in page


def test_a_number_in_the_address_is_not_repeated(paul: Client) -> None:
    assert paul.get(f"{EXPORT}?q={NUMBER}").headers["Location"] == EXPORT


def exported(users: Any) -> Any:
    return csv_lines(users, full_mobiles=False, state_of=lambda user: "", apps_of=lambda user: [])


def test_lines_come_one_by_one_and_chunks_only_as_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 3)
    sns = [member(f"User{number}").sn for number in range(8)]

    with CaptureQueriesContext(connection) as queries:
        lines = exported(User.objects.all())
        assert isinstance(lines, types.GeneratorType)
        next(lines)
        assert len(queries) == 0
        first = [next(lines) for _line in range(3)]
        assert len(queries) == 1
        others = list(lines)

    assert len(queries) == 3
    assert all("LIMIT 3" in query["sql"] and "OFFSET" not in query["sql"] for query in queries)
    assert [line.split('"')[1] for line in first + others] == sns[::-1]


def test_whoever_registers_meanwhile_disturbs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 2)
    sns = [member(f"User{number}").sn for number in range(4)]
    lines = exported(User.objects.all())
    got = [next(lines) for _line in range(2)]
    member("Late")
    got += list(lines)

    assert [line.split('"')[1] for line in got[1:]] == sns[::-1]
