"""How long the server takes for each admin page with a million users: `python benchmarks/admin_million.py`.

It makes its data with benchmarks/data.py, or takes what an earlier run with --keep left. The pages are what the admin
itself offers: of every registered model the list, each choice of each filter, each sortable column, a search for what
there is and for what there is not, and one object's page. A page that leads to another is measured together with it.
Every query is explained; what scans a table of more than 10,000 rows, or reads more than 20,000, is reported. A query
is cut off after 20 seconds. The results go to benchmarks/results.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import data

RESULTS = Path(__file__).resolve().parent / "results" / "admin_million.md"
PLANS = RESULTS.with_name("admin_million_plans.txt")
# What is promised: milliseconds of server time, the median of the runs.
LIST_LIMIT, DASHBOARD_LIMIT = 300, 200
BIG = 10_000
# A page that reads more rows than this does not get by on its index alone.
MANY = 20_000
CHOICES = 12


@dataclass
class Page:
    name: str
    url: str
    limit: int = LIST_LIMIT


@dataclass
class Measured:
    page: Page
    status: int = 0
    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    queries: int = 0
    scans: set[str] = field(default_factory=set)
    plan: str = ""
    slowest: str = ""
    slowest_ms: float = 0

    @property
    def median(self) -> float:
        return statistics.median(self.times) * 1000

    @property
    def missed(self) -> bool:
        return self.median > self.page.limit or self.status != 200


def pages(request: Any) -> Iterator[Page]:
    from django.contrib import admin

    yield Page("dashboard", "/admin/", DASHBOARD_LIMIT)
    for model, model_admin in admin.site._registry.items():
        if model_admin.has_view_or_change_permission(request):
            yield from model_pages(model, model_admin, request)


def model_pages(model: Any, model_admin: Any, request: Any) -> Iterator[Page]:
    name = f"{model._meta.app_label}.{model._meta.model_name}"
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    yield Page(f"{name}: list", base)
    rows = model_admin.get_queryset(request)
    big = rows[BIG : BIG + 1].exists()
    changelist = model_admin.get_changelist_instance(request)
    if changelist.paginator.num_pages > 1:
        yield Page(f"{name}: second page", f"{base}?p=2")
        yield Page(f"{name}: last page offered", f"{base}?p={changelist.paginator.num_pages}")
    for spec in changelist.filter_specs:
        for number, (label, query) in enumerate(filter_choices(spec, changelist)):
            if number < CHOICES:
                yield Page(f"{name}: {spec.title} = {label}", base + query)
    for column, _field in enumerate(model_admin.get_list_display(request), 1):
        if big and column in changelist_columns(model_admin, changelist):
            yield Page(f"{name}: ordered by column {column}", f"{base}?o={column}")
            yield Page(f"{name}: ordered by column {column}, descending", f"{base}?o=-{column}")
    if model_admin.get_search_fields(request):
        for what, term in search_terms(model).items():
            yield Page(f"{name}: search {what}", f"{base}?q={term}")
    middle = rows.order_by("pk").values_list("pk", flat=True)[BIG if big else 0 :].first()
    if middle is not None:
        yield Page(f"{name}: one object", f"{base}{middle}/change/")
        yield Page(f"{name}: history of one object", f"{base}{middle}/history/")


def changelist_columns(model_admin: Any, changelist: Any) -> set[int]:
    sortable = range(1, len(changelist.list_display) + 1)
    return {column for column in sortable if changelist.get_ordering_field(changelist.list_display[column - 1])}


def filter_choices(spec: Any, changelist: Any) -> Iterator[tuple[str, str]]:
    """The links of a filter; for one made of input fields, a range over the last 30 days."""
    links = [choice for choice in spec.choices(changelist) if choice.get("query_string") and choice.get("display")]
    for choice in links:
        if not choice.get("selected"):
            yield str(choice["display"]), choice["query_string"]
    if not links:
        names = sorted(spec.expected_parameters())
        start = time.strftime("%Y-%m-%d", time.localtime(time.time() - timedelta(days=30).total_seconds()))
        values = [start, time.strftime("%Y-%m-%d")] if len(names) == 2 else [start]
        names = sorted(names, key=lambda name: name.endswith(("_to", "_until", "__lt", "__lte")))
        yield "the last 30 days", "?" + "&".join(f"{name}={value}" for name, value in zip(names, values, strict=False))


def search_terms(model: Any) -> dict[str, str]:
    from urllib.parse import quote

    from accounts.models import User, WechatOpenid

    terms = {"nothing that there is": "nosuchperson"}
    if model._meta.concrete_model is User:
        user = User.objects.exclude(mobile=None).exclude(nickname="").order_by("pk")[BIG // 2]
        openid = WechatOpenid.objects.get(user=user).openid
        terms |= {
            "one nickname": user.nickname,
            "the beginning of many nicknames": user.nickname[:2],
            "the beginning of few nicknames": user.nickname[:4],
            "sn": user.sn,
            "full mobile": user.mobile or "",
            "mobile as people say it": (user.mobile or "").removeprefix("+86"),
            "openid": openid,
            "an openid that nobody has": "o" + "0" * 27,
            "two words": f"{user.nickname} {user.sn}",
        }
    return {what: quote(term) for what, term in terms.items()}


def measure(client: Any, page: Page, runs: int) -> Measured:
    """Once to warm up and to explain, then the runs."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    measured = Measured(page)
    with CaptureQueriesContext(connection) as captured:
        measured.status = fetch(client, page.url)
    measured.queries = len(captured)
    for query in captured.captured_queries:
        if query["sql"].lstrip().upper().startswith("SELECT"):
            explain(query["sql"], float(query["time"]) * 1000, measured)
    for _run in range(runs):
        started, used = time.perf_counter(), time.process_time()
        fetch(client, page.url)
        measured.times.append(time.perf_counter() - started)
        measured.cpu.append(time.process_time() - used)
        if measured.times[-1] > 3:
            break
    return measured


def fetch(client: Any, url: str) -> int:
    response = client.get(url, follow=True)
    _content = b"".join(response.streaming_content) if response.streaming else response.content
    return int(response.status_code)


def explain(statement: str, milliseconds: float, measured: Measured) -> None:
    from django.db import Error, connection

    with connection.cursor() as cursor:
        try:
            cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + statement)
        except Error as error:
            measured.scans.add(f"not explained: {type(error).__name__}")
            return
        answer = cursor.fetchone()[0]
    (plan,) = json.loads(answer) if isinstance(answer, str) else answer
    found = list(nodes(plan["Plan"]))
    measured.scans |= {scan(node) for node in found} - {""}
    if not any(rows_of(node["Relation Name"]) > BIG for node in found if "Relation Name" in node):
        return
    if milliseconds >= measured.slowest_ms:
        measured.slowest, measured.slowest_ms = statement, milliseconds
        measured.plan = "\n".join(outline(plan["Plan"]))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def scan(node: dict[str, Any]) -> str:
    """What a query reads without an index, or reads a lot of with one."""
    relation = node.get("Relation Name", "")
    if not relation or rows_of(relation) <= BIG:
        return ""
    if node["Node Type"] == "Seq Scan":
        return f"sequential scan of {relation}"
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    read = int((node["Actual Rows"] + removed) * node["Actual Loops"])
    return f"{read:,} rows of {relation}" if read > MANY else ""


def rows_of(table: str) -> float:
    from django.db import connection

    if table not in ROWS:
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table])
            ROWS[table] = cursor.fetchone()[0]
    return ROWS[table]


ROWS: dict[str, float] = {}


def outline(plan: dict[str, Any], depth: int = 0) -> Iterator[str]:
    what = [plan.get("Index Name") or "", plan.get("Relation Name") or "", plan.get("Index Cond") or ""]
    condition = f" filter {plan['Filter'][:100]}" if "Filter" in plan else ""
    words = " ".join(word for word in what if word)
    yield f"{'  ' * depth}{plan['Node Type']} {words}{condition} (rows {plan['Plan Rows']:,})"
    for child in plan.get("Plans", []):
        yield from outline(child, depth + 1)


def table(results: list[Measured]) -> Iterator[str]:
    yield "| page | median ms | least ms | max ms | Python's CPU ms | promised | queries | reads |"
    yield "|---|---:|---:|---:|---:|---:|---:|---|"
    for found in results:
        median = f"**{found.median:,.0f}**" if found.missed else f"{found.median:,.0f}"
        status = "" if found.status == 200 else f" (HTTP {found.status})"
        name = found.page.name.replace("|", "/")
        cpu = statistics.median(found.cpu) * 1000
        least, most = min(found.times) * 1000, max(found.times) * 1000
        yield (
            f"| {name}{status} | {median} | {least:,.0f} | {most:,.0f} | {cpu:,.0f} | {found.page.limit} "
            f"| {found.queries} | {', '.join(sorted(found.scans))} |"
        )


def report(results: list[Measured], *, users: int, events: int, runs: int) -> str:
    from django import get_version
    from django.db import connection

    missed = [found for found in results if found.missed]
    scanned = [found for found in results if found.scans]
    machine = (
        f"{users:,} users, {events:,} login events; PostgreSQL {connection.pg_version // 10000} on the same machine "
        f"with default settings, Django {get_version()}, Python {platform.python_version()}, {os.cpu_count()} CPUs. "
        f"Each page once to warm up, then {runs} times, in process (no network, no proxy); fewer where a page takes "
        f"more than three seconds. Load of the machine at the end: {os.getloadavg()[1]:.1f} in five minutes."
    )
    summary = (
        f"{len(results)} pages: {len(missed)} over the promised time, {len(scanned)} that scan a table of more than "
        f"{BIG:,} rows or read more than {MANY:,} rows of one."
    )
    lines = [
        "# The admin with a million users",
        "",
        machine,
        "Made by `python benchmarks/admin_million.py`; bold is over what is promised.",
        "",
        summary,
        "",
        *table(results),
    ]
    for title, chosen in [("Over the promised time", missed), ("Reading a lot", scanned)]:
        lines += ["", f"## {title}", "", *([described(found) for found in chosen] or ["None."])]
    return "\n".join(lines) + "\n"


def described(found: Measured) -> str:
    return (
        f"**{found.page.name}** `{found.page.url}`, its slowest query on a big table: {found.slowest_ms:,.0f} ms\n\n"
        f"```\n{found.slowest[:1500]}\n\n{found.plan}\n```\n"
    )


def prepare(scale: float) -> None:
    if not data.exists():
        made = [sys.executable, data.__file__, "--scale", str(scale), "--keep"]
        subprocess.run(made, check=True)
    data.django()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    call_command("aggregate_events")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SET statement_timeout = '20s'")


def visitor() -> tuple[Any, Any]:
    """A browser where a superuser is logged in, and a request of theirs."""
    from django.test import Client, RequestFactory

    from accounts.models import User

    user = User.objects.filter(username="benchmark").first() or User.objects.create_superuser("benchmark", "x")
    client = Client(raise_request_exception=False, headers={"accept-language": "en"})
    client.force_login(user)
    request = RequestFactory().get("/admin/")
    request.user = user
    return client, request


def run(runs: int, only: str) -> None:
    from django.utils import translation

    from accounts.models import LoginEvent, User

    translation.activate("en")
    client, request = visitor()
    results = []
    found = [page for page in pages(request) if only in page.name]
    for number, page in enumerate(found, 1):
        results.append(measure(client, page, runs))
        last = results[-1]
        flag = "MISSED" if last.missed else "scan" if last.scans else ""
        print(f"{number:>3}/{len(found)} {last.median:8.1f} ms  {page.name} {flag}", flush=True)
    if not only:
        forget_today()
        results.append(
            measure(client, Page("dashboard, the command last run yesterday", "/admin/", DASHBOARD_LIMIT), runs)
        )
    text = report(results, users=User.objects.count(), events=LoginEvent.objects.count(), runs=runs)
    print(text)
    if not only:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(text, encoding="utf-8")
        plans = [f"{found.page.name}  {found.page.url}\n\n{found.plan}\n" for found in results if found.plan]
        PLANS.write_text("\n".join(plans), encoding="utf-8")


def forget_today() -> None:
    """Leave the dashboard all events of today to count."""
    from accounts import statistics as daily
    from accounts.models import DailyCount

    DailyCount.objects.filter(day=daily.today()).exclude(name__startswith=daily.MEMBERS).delete()


def main() -> None:
    parser = data.arguments(__doc__)
    parser.add_argument("--runs", type=int, default=7, choices=range(1, 101), metavar="1-100")
    parser.add_argument("--only", default="", help="measure the pages with this in their name, and write no result")
    given = parser.parse_args()
    try:
        prepare(given.scale)
        run(given.runs, given.only)
    finally:
        if not given.keep:
            data.drop()


if __name__ == "__main__":
    main()
