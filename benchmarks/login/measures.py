"""The measurements. Each yields how far it is, from 0 to 1, and leaves its figures in `found`."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from benchmarks.login import load
from benchmarks.login.alternated import WARM_UP, Application, block, started
from benchmarks.login.processes import Server
from benchmarks.login.world import World

BLOCKS = 30
CALLS = 100
IN_FLIGHT = 128
ROUNDS = 3
RIVALS = ["ours", "granian", "fastapi", "floor", "tutorial"]
RIVALS_OVER_TLS = ["ours", "fastapi", "floor", "tutorial"]
WECHAT_SECONDS = 0.1
STEADY_RATE = 40
ADMIN_PAGES = {
    "overview": "/admin/",
    "users": "/admin/accounts/user/",
    "users by nickname": "/admin/accounts/user/?q=Person+77",
    "one user": "/admin/accounts/user/77/change/",
    "history of one user": "/admin/accounts/user/77/history/",
}
Progress = Generator[float, None, None]
Found = dict[str, Any]


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def in_milliseconds(latencies: list[float]) -> dict[str, float]:
    return {"p50": percentile(latencies, 0.5) * 1000, "p99": percentile(latencies, 0.99) * 1000}


def in_process(world: World, found: Found) -> Progress:
    """CPU of a login and of a token check, without a server in between."""
    token = {"TOKEN": json.loads(world.run("-m", "benchmarks.login.inside", "token"))}
    in_memory = {"REDIS_URL": "", "PEOPLE": str(world.people)}
    applications = [
        Application("floor", "benchmarks.login.floor", "login", in_memory),
        Application("ours", "config.wsgi", "login", in_memory),
        Application("tutorial", "benchmarks.login.tutorial.wsgi", "login", in_memory),
        Application("bare view", "benchmarks.login.bare.wsgi", "info", in_memory | token),
        Application("user/info", "config.wsgi", "info", in_memory | token),
    ]
    yield from alternated(world, applications, found, BLOCKS)


def alternated(world: World, applications: list[Application], found: Found, rounds: int) -> Progress:
    """Microseconds of CPU a call, block by block; and PostgreSQL's while they ran."""
    blocks: dict[str, dict[str, list[float]]] = {each.name: {"own": [], "database": []} for each in applications}
    found["blocks"] = blocks
    with ExitStack() as stack:
        processes = {each.name: stack.enter_context(started(each, world)) for each in applications}
        for process in processes.values():
            block(process, WARM_UP)
        for number in range(rounds):
            for name, process in processes.items():
                before = world.postgres.cpu
                blocks[name]["own"].append(block(process, CALLS))
                blocks[name]["database"].append((world.postgres.cpu - before) / CALLS * 1e6)
            yield (number + 1) / rounds


def queries(world: World, found: Found) -> Progress:
    found |= json.loads(world.run("-m", "benchmarks.login.inside", "queries").splitlines()[-1])
    yield 1.0


def scales(world: World, found: Found, sizes: list[int]) -> Progress:
    """The same login among more and more people: how it is found, and what it costs."""
    found["plans"] = {
        str(users): json.loads(world.run("-m", "benchmarks.login.inside", "plans", DATABASE_URL=world.database(users)))
        for users in sizes
    }
    applications = [
        Application(
            str(users),
            "config.wsgi",
            "login",
            {"REDIS_URL": "", "DATABASE_URL": world.database(users), "PEOPLE": str(users)},
        )
        for users in sizes
    ]
    yield from alternated(world, applications, found, BLOCKS // 2)


def cpu_under_gunicorn(world: World, found: Found, *, tls: bool, calls: int, rounds: int) -> Progress:
    """CPU of the application and of PostgreSQL a login, with as many logins for each in turn."""
    names = ["floor", "ours", "tutorial"]
    found |= {"app": {name: [] for name in names}, "database": {name: [] for name in names}}
    found["errors"] = {name: [] for name in names}
    world.wechat_takes(0)
    request = load.silent_logins(world.people)
    with world.serving(*names, env=world.over_tls() if tls else None) as servers:
        for server in servers:
            load.for_calls(server.port, request, 16, calls)
        for number in range(rounds):
            for server in servers:
                app, database = server.cpu, world.postgres.cpu
                loaded = load.for_calls(server.port, request, 16, calls)
                done = len(loaded.latencies)
                found["app"][server.name].append((server.cpu - app) / done * 1000)
                found["database"][server.name].append((world.postgres.cpu - database) / done * 1000)
                found["errors"][server.name] += loaded.errors
            yield (number + 1) / rounds


def throughput(world: World, found: Found, names: list[str], *, tls: bool, seconds: float) -> Progress:
    """Logins a second with WeChat at 100 ms and 128 in flight; everything on this machine's cores."""
    found |= {"rates": {name: [] for name in names}, "errors": {name: [] for name in names}, "milliseconds": {}}
    found |= {"exchanges": 0, "connections": 0}
    latencies: dict[str, list[float]] = {name: [] for name in names}
    world.wechat_takes(WECHAT_SECONDS)
    request = load.silent_logins(world.people)
    with world.serving(*names, env=world.over_tls() if tls else None) as servers:
        for server in servers:
            # Twice, because the second time the connections are spread over the processes otherwise.
            load.for_seconds(server.port, request, IN_FLIGHT, 1)
            load.for_seconds(server.port, request, IN_FLIGHT, 1)
        for number in range(ROUNDS):
            for place, server in enumerate(servers):
                before = world.ask_wechat("/stats", tls=tls)
                loaded = load.for_seconds(server.port, request, IN_FLIGHT, seconds)
                after = world.ask_wechat("/stats", tls=tls)
                found["rates"][server.name].append(loaded.rate)
                found["errors"][server.name] += loaded.errors
                latencies[server.name] += loaded.latencies.values()
                found["milliseconds"][server.name] = in_milliseconds(latencies[server.name])
                if server.name == "ours":
                    found["exchanges"] += after["exchanges"] - before["exchanges"]
                    found["connections"] += after["connections"] - before["connections"]
                yield (number * len(servers) + place + 1) / (ROUNDS * len(servers))


def added_latency(world: World, found: Found, seconds: float) -> Progress:
    """What a login takes beyond what WeChat took for that very login, at 40 a second."""
    world.wechat_takes(WECHAT_SECONDS)
    request = load.silent_logins(world.people)
    with world.serving("ours") as (server,):
        load.at_rate(server.port, request, STEADY_RATE, 3)
        yield 0.1
        world.ask_wechat("/times")
        before = world.ask_wechat("/stats")
        loaded = load.at_rate(server.port, request, STEADY_RATE, seconds)
        after = world.ask_wechat("/stats")
    wechat = world.ask_wechat("/times")
    added = [taken - wechat[code] for code, taken in loaded.latencies.items()]
    found |= {"added": added, "errors": loaded.errors}
    found["exchanges"] = after["exchanges"] - before["exchanges"]
    found["connections"] = after["connections"] - before["connections"]
    yield 1.0


def registration(world: World, found: Found, seconds: float) -> Progress:
    """Authorised logins of people whom nobody knows, and the admin meanwhile."""
    world.wechat_takes(0)
    request = load.registrations(world.people + 1)
    cookie = json.loads(world.run("-m", "benchmarks.login.inside", "session"))
    found |= {"rates": [], "app": [], "database": [], "errors": []}
    with world.serving("ours") as (server,):
        load.for_seconds(server.port, request, 16, 1)
        for page in ADMIN_PAGES.values():
            timed_page(server, page, cookie)
        found["admin alone"] = admin_pages(server, cookie, 5)
        yield 0.2
        for number in range(ROUNDS):
            app, database = server.cpu, world.postgres.cpu
            loaded = load.for_seconds(server.port, request, 16, seconds)
            found["rates"].append(loaded.rate)
            found["app"].append((server.cpu - app) / len(loaded.latencies) * 1000)
            found["database"].append((world.postgres.cpu - database) / len(loaded.latencies) * 1000)
            found["errors"] += loaded.errors
            yield 0.2 + 0.5 * (number + 1) / ROUNDS
        with ThreadPoolExecutor(1) as pool:
            pages = pool.submit(admin_pages, server, cookie, 5)
            loaded = load.at_rate(server.port, request, STEADY_RATE, seconds * 2)
            found["admin under registrations"] = pages.result()
        found["registrations under the admin"] = in_milliseconds(list(loaded.latencies.values()))
        found["errors"] += loaded.errors
    yield 1.0


def admin_pages(server: Server, cookie: str, times: int) -> dict[str, float]:
    """Median milliseconds of each page."""
    return {
        name: statistics.median(timed_page(server, page, cookie) for _ in range(times)) * 1000
        for name, page in ADMIN_PAGES.items()
    }


def timed_page(server: Server, path: str, cookie: str) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Host": "testserver", "Cookie": f"__Host-sessionid={cookie}", "Accept-Language": "en"}
    started_at = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answers {answer.status}")
    connection.close()
    return time.perf_counter() - started_at
