"""What the image, compose, Kubernetes, nginx, Prometheus and the docs say of the application is true of it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve
from prometheus_client import REGISTRY, Counter, Gauge, Histogram

from config import metrics

ROOT = Path(settings.BASE_DIR)
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
KUBERNETES = sorted((ROOT / "deploy/kubernetes").glob("*.yaml"))
OBJECTS = [one for file in KUBERNETES for one in yaml.safe_load_all(file.read_text(encoding="utf-8"))]
NGINX = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "deploy/nginx").glob("*.conf"))
ALERTS = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text(encoding="utf-8"))
DASHBOARD = json.loads((ROOT / "deploy/grafana/login.json").read_text(encoding="utf-8"))
OPERATE = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
DOCS = [ROOT / name for name in ("README.md", "README.zh-CN.md", "docs/operate.md", "docs/scale.md", "compose.yaml")]
PORT = 8000
# Not the application's: PostgreSQL's own password, and where compose finds the image.
FOREIGN = {"POSTGRES_PASSWORD", "IMAGE"}


def parts(value: Any, name: str) -> Iterator[Any]:
    """Everything that stands under this name, however deep."""
    if isinstance(value, dict):
        if name in value:
            yield value[name]
        for inner in value.values():
            yield from parts(inner, name)
    if isinstance(value, list):
        for inner in value:
            yield from parts(inner, name)


def known_variables() -> set[str]:
    """Of the settings, of gunicorn's file, and of the example, which has to name them all."""
    return set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))


def test_example_names_every_variable_that_the_settings_read() -> None:
    tree = ast.parse((ROOT / "config/settings.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    readers = [call.args[0] for call in calls if ast.unparse(call.func).startswith(("env.", "names", "os.environ.get"))]
    read = {name.value for name in readers if isinstance(name, ast.Constant) and str(name.value).isupper()}
    assert {"SECRET_KEY", "METRICS_TOKEN", "TRUSTED_PROXIES"} <= read
    assert read <= known_variables()


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_readme_explains_every_variable(readme: str) -> None:
    """But for those that stand for themselves: a second app's, and the port of development."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    missing = {name for name in known_variables() if f"`{name}`" not in text}
    assert missing <= {"PORT", "BIND", "WEB_THREADS", "ENV_FILE", "WECHAT_APPID_SHOP", "WECHAT_SECRET_SHOP"}


def test_compose_and_kubernetes_set_variables_that_exist() -> None:
    given = set(COMPOSE["x-application"]["environment"])
    given |= set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text(encoding="utf-8"))) - FOREIGN
    for one in OBJECTS:
        if one["kind"] in ("ConfigMap", "Secret"):
            given |= set(one.get("data", {}) | one.get("stringData", {}))
    assert given - known_variables() == set()


def test_compose_and_kubernetes_set_what_production_needs() -> None:
    needed = {"SECRET_KEY", "JWT_SIGNING_KEY", "ALLOWED_HOSTS", "WECHAT_APPID", "WECHAT_SECRET", "DATABASE_URL"}
    assert needed <= set(COMPOSE["x-application"]["environment"])
    assert needed <= {
        name for one in OBJECTS for name in one.get("data", {}) | one.get("stringData", {}) if one["kind"] != "Ingress"
    }


def test_everybody_speaks_of_one_port() -> None:
    assert f"'PORT', '{PORT}'" in (ROOT / "gunicorn.conf.py").read_text(encoding="utf-8")
    assert f"EXPOSE {PORT}\n" in DOCKERFILE
    assert f"127.0.0.1:{PORT}/" in DOCKERFILE
    assert set(re.findall(r"server (web-\w+):(\d+)", NGINX)) == {("web-a", str(PORT)), ("web-b", str(PORT))}
    assert set(parts(OBJECTS, "containerPort")) == {PORT}
    assert set(parts(OBJECTS, "targetPort")) == {"http"}


def test_nginx_knows_the_servers_of_compose() -> None:
    names = set(re.findall(r"server (web-\w+):", NGINX))
    assert names == {name for name in COMPOSE["services"] if name.startswith("web")}
    assert COMPOSE["x-application"]["environment"]["TRUSTED_PROXIES"] == "1"
    mounted = [volume.split(":")[0] for volume in COMPOSE["services"]["nginx"]["volumes"] if volume.startswith("./")]
    assert all((ROOT / name).exists() for name in mounted if not name.endswith("/tls"))


def test_probes_ask_what_is_there() -> None:
    paths = {probe["path"] for probe in parts(OBJECTS, "httpGet")}
    paths |= set(re.findall(rf"127\.0\.0\.1:{PORT}(/\w+)", DOCKERFILE))
    assert paths == {"/healthz", "/readyz"}
    assert all(resolve(path) for path in paths)


def test_the_server_is_started_as_documented() -> None:
    [started] = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert json.loads(started) == ["gunicorn", "config.wsgi"]
    assert ["gunicorn", "config.wsgi"] in list(parts(OBJECTS, "args"))
    for readme in DOCS[:2]:
        assert "\n   gunicorn config.wsgi\n" in readme.read_text(encoding="utf-8")


def test_commands_that_are_named_exist() -> None:
    named = {arguments[2] for arguments in parts(OBJECTS, "args") if arguments[:2] == ["python", "manage.py"]}
    for file in DOCS:
        named |= set(re.findall(r"(?:manage\.py|--rm job) ([a-z][a-z_]+)", file.read_text(encoding="utf-8")))
    named |= {command[2] for command in parts(COMPOSE, "command") if command[:2] == ["python", "manage.py"]}
    assert {"migrate", "aggregate_events", "purge_events", "purge_avatars", "revoke_tokens"} <= named
    assert named - set(get_commands()) == set()


def test_image_holds_the_whole_application_and_nothing_else() -> None:
    packages = {name.partition(".")[0] for name in settings.INSTALLED_APPS}
    ours = {name for name in packages if (ROOT / name).is_dir()} | {"locale"}
    assert set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE)) == ours
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert allowed == ours | {"manage.py", "gunicorn.conf.py", "requirements-prod.txt"}
    assert "--require-hashes" in DOCKERFILE
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1].split(":")[0] not in ("root", "0")
    assert not re.search(r"^(?:ENV|ARG) .*(?:SECRET|KEY|PASSWORD|TOKEN)", DOCKERFILE, re.MULTILINE)


def pods() -> list[dict[str, Any]]:
    return [one["spec"] for one in parts(OBJECTS, "template") if "containers" in one["spec"]]


@pytest.mark.parametrize("pod", pods(), ids=lambda pod: " ".join(pod["containers"][0]["args"]))
def test_pod_may_do_nothing_that_it_need_not(pod: dict[str, Any]) -> None:
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert str(pod["securityContext"]["runAsUser"]) in DOCKERFILE
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]
    assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]


def test_every_manifest_is_applied() -> None:
    [listed] = [one["resources"] for one in OBJECTS if one["kind"] == "Kustomization"]
    apart = {"kustomization.yaml", "migrate.yaml", "secret.example.yaml"}
    assert set(listed) - {"secret.yaml"} == {file.name for file in KUBERNETES} - apart - {"secret.yaml"}


def instruments() -> list[Any]:
    return [value for value in vars(metrics).values() if isinstance(value, Counter | Gauge | Histogram)]


def exported() -> set[str]:
    """The names of the samples that the code gives out, and Prometheus' own."""
    names = {"up"}
    for one in instruments():
        name = next(iter(one.describe())).name
        ends = {Counter: ["_total"], Gauge: [""], Histogram: ["_bucket", "_count", "_sum"]}[type(one)]
        names |= {name + end for end in ends}
    return names


def expressions() -> list[str]:
    alerts = [rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]]
    return alerts + [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]


@pytest.mark.parametrize("expression", expressions())
def test_dashboard_and_alerts_ask_for_metrics_that_exist(expression: str) -> None:
    bare = re.sub(r"\{[^}]*\}", "", expression)
    named = set(re.findall(r"\b(login_\w+|up)\b", bare))
    assert named
    assert named <= exported()


def test_labels_of_dashboard_and_alerts_exist() -> None:
    labels = {label for one in instruments() for label in one._labelnames}
    for expression in expressions():
        used = set(re.findall(r'(\w+)(?:=~|!~|!=|=)"', expression))
        assert used <= labels | {"job"}, expression


def test_every_metric_is_on_the_dashboard_or_rings_an_alarm() -> None:
    names = {next(iter(one.describe())).name for one in instruments()}
    assert len(names) == 8
    assert all(any(name in expression for expression in expressions()) for name in names)
    assert REGISTRY.get_sample_value("login_wechat_shed_total") is not None


def test_loggers_that_ring_an_alarm_exist() -> None:
    text = " ".join(rule["expr"] for group in ALERTS["groups"] for rule in group["rules"])
    loggers = {name for names in re.findall(r'logger(?:=|!~)"([^"]+)"', text) for name in names.split("|")}
    assert loggers
    for name in loggers:
        assert "getLogger(__name__)" in (ROOT / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8")


def test_every_alert_has_its_recipe() -> None:
    headings = set(re.findall(r"^#+ (.+)$", OPERATE, re.MULTILINE))
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            named = rule["annotations"]["recipe"].removeprefix("docs/operate.md: ").split(", ")
            assert set(named) <= headings, rule["alert"]
