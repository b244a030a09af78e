from __future__ import annotations

import importlib
import re
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone, translation
from drf_spectacular.generators import SchemaGenerator

from settings_app.config import client_config
from settings_app.content import active_content
from settings_app.models import Agreement, LoginSettings
from settings_app.serializers import AgreementSerializer, ClientConfigSerializer

pytestmark = pytest.mark.django_db

LIST = "/admin/settings_app/agreement/"
TEMPLATE = "1.0-template"
TEXT = "<h2>1. Scope</h2><p>Be kind. <a href='https://example.com/on=1'>More</a></p>"


@pytest.fixture
def lena() -> Client:
    """A lawyer: writes and publishes agreements."""
    permissions = Permission.objects.filter(content_type__app_label="settings_app", content_type__model="agreement")
    return staff("lena", *permissions)


@pytest.fixture
def draft() -> Agreement:
    return Agreement.objects.create(type="service", version="2.0", title="Terms", content=TEXT)


def staff(username: str, *permissions: Permission) -> Client:
    user = get_user_model().objects.create_user(username, is_staff=True)
    user.user_permissions.set(permissions)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def get(path: str) -> tuple[int, dict[str, Any]]:
    response = Client().get(path, headers={"accept-language": "en"})
    return response.status_code, response.json()


def change(agreement: Agreement) -> str:
    return f"{LIST}{agreement.pk}/change/"


def publish(agreement: Agreement) -> str:
    return f"{LIST}{agreement.pk}/publish/"


def form(**fields: str) -> dict[str, str]:
    return {"type": "service", "version": "2.0", "title": "Terms", "content": TEXT, **fields}


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def notes(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def log() -> list[tuple[str, str, str]]:
    entries = LogEntry.objects.order_by("pk").select_related("user")
    return [(entry.user.get_username(), entry.object_repr, entry.get_change_message()) for entry in entries]


@pytest.mark.parametrize("path", ["/api/config", "/api/config/"])
def test_config_tells_the_switches_and_the_agreements_in_force(path):
    assert get(path) == (
        200,
        {
            "code": 1,
            "msg": "Done",
            "data": {
                "mnp_auto_wechat_auth": True,
                "mnp_wechat_auth": True,
                "coerce_mobile": False,
                "agreements": [
                    {
                        "type": "privacy",
                        "title": "隐私政策（模板）",
                        "version": TEMPLATE,
                        "url": "http://testserver/api/agreements/privacy",
                    },
                    {
                        "type": "service",
                        "title": "用户服务协议（模板）",
                        "version": TEMPLATE,
                        "url": "http://testserver/api/agreements/service",
                    },
                ],
                "agreements_version": "privacy:1.0-template,service:1.0-template",
            },
        },
    )


def test_config_answers_on_an_empty_database():
    Agreement.objects.all().delete()
    LoginSettings.objects.all().delete()

    assert client_config() == {
        "mnp_auto_wechat_auth": True,
        "mnp_wechat_auth": True,
        "coerce_mobile": False,
        "agreements": [],
        "agreements_version": "",
    }


def test_config_answers_whatever_token_is_sent():
    for headers in ({"token": "stale"}, {"authorization": "Bearer stale"}, {"authorization": "Basic eDp5"}):
        assert Client().get("/api/config", headers=headers).json()["code"] == 1


def test_config_is_never_cached_and_only_read():
    assert Client().get("/api/config").headers["Cache-Control"] == "no-store"
    response = Client().post("/api/config")
    assert (response.status_code, response.json()["data"]["error"]) == (405, "method_not_allowed")


def test_without_an_origin_the_urls_are_paths():
    assert [agreement["url"] for agreement in client_config()["agreements"]] == [
        "/api/agreements/privacy",
        "/api/agreements/service",
    ]


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_agreement_is_told_with_its_text(draft, slash):
    draft.publish()

    status, body = get(f"/api/agreements/service{slash}")

    published_at = datetime.fromisoformat(body["data"].pop("published_at"))
    assert abs((timezone.now() - published_at).total_seconds()) < 10
    assert (status, body) == (
        200,
        {"code": 1, "msg": "Done", "data": {"type": "service", "title": "Terms", "version": "2.0", "content": TEXT}},
    )


@pytest.mark.parametrize("kind", ["service", "privacy"])
def test_a_fresh_database_has_a_template_that_says_it_is_one(kind):
    _status, body = get(f"/api/agreements/{kind}")

    assert body["data"]["version"] == TEMPLATE
    assert body["data"]["content"].startswith("<p><strong>【模板】本文为占位模板，不构成正式协议。上线前")
    assert active_content(body["data"]["content"]) == []


@pytest.mark.parametrize("kind", ["cookies", "Service", "1"])
def test_an_unknown_type_is_not_found(kind):
    assert get(f"/api/agreements/{kind}") == (
        404,
        {"code": 0, "msg": "There is nothing here.", "data": {"error": "not_found"}},
    )


def test_a_draft_is_told_to_nobody():
    Agreement.objects.all().delete()
    Agreement.objects.create(type="privacy", version="2.0", title="Privacy", content=TEXT)

    assert get("/api/agreements/privacy")[0] == 404
    assert client_config()["agreements_version"] == ""


def test_the_version_told_to_clients_changes_with_any_agreement(draft):
    draft.publish()
    assert client_config()["agreements_version"] == "privacy:1.0-template,service:2.0"

    Agreement(type="privacy", version="3.1", title="Privacy", content=TEXT).publish()
    assert client_config()["agreements_version"] == "privacy:3.1,service:2.0"
    assert Agreement.versions_in_force() == {"privacy": "3.1", "service": "2.0"}


def test_the_schema_describes_what_is_sent(draft):
    config = client_config()
    assert set(ClientConfigSerializer().fields) == set(config)
    assert set(ClientConfigSerializer().fields["agreements"].child.fields) == set(config["agreements"][0])

    published = SchemaGenerator().get_schema(public=True)["components"]["schemas"]
    assert set(published["ClientConfig"]["required"]) == set(config)
    assert set(published["Agreement"]["required"]) == set(AgreementSerializer().fields)


def test_a_published_version_never_changes_and_never_goes(draft):
    draft.publish()
    draft.content = "<p>Something else</p>"

    with pytest.raises(ValidationError):
        draft.save()
    with pytest.raises(ValidationError):
        draft.delete()
    with pytest.raises(ValidationError):
        draft.publish()
    assert get("/api/agreements/service")[1]["data"]["content"] == TEXT


def test_saving_an_old_copy_of_a_draft_does_not_take_it_back(draft):
    old_copy = Agreement.objects.get(pk=draft.pk)
    draft.publish()

    with pytest.raises(ValidationError):
        old_copy.save()
    assert Agreement.objects.get(pk=draft.pk).published_at == draft.published_at


def test_publishing_an_old_copy_keeps_the_newest_text(draft):
    old_copy = Agreement.objects.get(pk=draft.pk)
    draft.content = "<p>Newest</p>"
    draft.save()

    old_copy.publish()

    assert get("/api/agreements/service")[1]["data"]["content"] == "<p>Newest</p>"


def test_a_lawyer_writes_a_draft_and_nobody_sees_it(lena):
    response = lena.post(f"{LIST}add/", form())

    assert response.status_code == 302
    agreement = Agreement.objects.get(version="2.0")
    assert (agreement.type, agreement.title, agreement.content, agreement.published_at) == (
        "service",
        "Terms",
        TEXT,
        None,
    )
    assert client_config()["agreements_version"] == "privacy:1.0-template,service:1.0-template"


def test_a_lawyer_changes_a_draft(lena, draft):
    assert lena.post(change(draft), form(title="Better terms")).status_code == 302

    draft.refresh_from_db()
    assert draft.title == "Better terms"


def test_a_version_is_used_once(lena, draft):
    response = lena.post(f"{LIST}add/", form())

    assert errors(response) == {"__all__": ["Agreement with this Type and Version already exists."]}


def test_publishing_asks_first(lena, draft):
    page = lena.get(publish(draft))

    assert page.status_code == 200
    assert "Service agreement 2.0 takes the place of Service agreement 1.0-template at once." in page.content.decode()
    draft.refresh_from_db()
    assert draft.published_at is None


def test_publishing_puts_the_version_in_force_and_is_logged(lena, draft):
    response = lena.post(publish(draft))

    assert (response.status_code, response.headers["Location"]) == (302, LIST)
    assert notes(response) == ["Published: Service agreement 2.0. New visitors see it from now on."]
    assert get("/api/agreements/service")[1]["data"]["version"] == "2.0"
    assert log() == [("lena", "Service agreement 2.0", "draft → published")]


def test_the_publication_is_logged_in_no_language(lena, draft):
    lena.post(publish(draft), headers={"accept-language": "zh-hans"})

    assert log() == [("lena", "Service agreement 2.0", "draft → published")]


def test_what_is_published_is_read_only_in_the_admin(lena, draft):
    draft.publish()
    page = lena.get(change(draft)).content.decode()

    assert "It never changes: consents refer to it." in page
    assert 'name="_save"' not in page
    assert "deletelink" not in page
    assert lena.post(change(draft), form(title="Changed")).status_code == 403
    assert lena.get(publish(draft)).status_code == 403
    assert lena.post(publish(draft)).status_code == 403
    assert lena.post(f"{LIST}{draft.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Agreement.objects.get(pk=draft.pk).title == "Terms"
    assert log() == []


def test_nothing_is_deleted_from_the_list(lena, draft):
    draft.publish()

    lena.post(LIST, {"action": "delete_selected", "_selected_action": [draft.pk], "post": "yes"})

    assert Agreement.objects.filter(pk=draft.pk).exists()


def test_a_draft_can_be_deleted(lena, draft):
    lena.post(f"{LIST}{draft.pk}/delete/", {"post": "yes"})

    assert not Agreement.objects.filter(pk=draft.pk).exists()


def test_a_new_version_starts_from_the_text_of_another(lena):
    template = Agreement.objects.get(type="privacy")
    assert f'href="{LIST}add/?copy={template.pk}"' in lena.get(change(template)).content.decode()

    initial = lena.get(f"{LIST}add/?copy={template.pk}").context["adminform"].form.initial

    assert (initial["type"], initial["title"], initial["content"]) == ("privacy", template.title, template.content)
    assert lena.get(f"{LIST}add/?copy=nonsense").status_code == 200


def test_whoever_may_not_see_a_draft_cannot_copy_it_either(draft):
    writer = staff("walter", Permission.objects.get(codename="add_agreement"))

    response = writer.get(f"{LIST}add/?copy={draft.pk}")

    assert response.status_code == 200
    assert "Be kind." not in response.content.decode()


def test_the_list_says_where_each_version_stands(lena, draft):
    draft.publish()
    Agreement.objects.create(type="service", version="3.0", title="Next terms", content=TEXT)

    rows = re.findall(r'field-version">([^<]+).*?pill-[\w-]+">([^<]+)', lena.get(LIST).content.decode(), re.DOTALL)

    assert rows == [(TEMPLATE, "In force"), ("3.0", "Draft"), ("2.0", "In force"), (TEMPLATE, "Replaced")]


def test_staff_without_the_right_neither_see_nor_publish(draft):
    viewer = staff("victor", Permission.objects.get(codename="view_agreement"))
    nobody = staff("nobody")

    assert viewer.get(change(draft)).status_code == 200
    assert "Publish…" not in viewer.get(change(draft)).content.decode()
    assert (viewer.get(publish(draft)).status_code, viewer.post(publish(draft)).status_code) == (403, 403)
    assert (nobody.get(LIST).status_code, nobody.post(publish(draft)).status_code) == (403, 403)
    assert Client().post(publish(draft)).status_code == 302
    draft.refresh_from_db()
    assert draft.published_at is None


def test_an_agreement_that_does_not_exist_is_not_published(lena):
    assert lena.post(f"{LIST}999999/publish/").status_code == 404
    assert lena.post(f"{LIST}nonsense/publish/").status_code == 404


def test_the_preview_runs_nothing(lena, draft):
    for url in (change(draft), publish(draft)):
        html = lena.get(url).content.decode()
        frame = re.search(r"<iframe[^>]*>", html)
        assert frame
        assert ' sandbox title="Terms"' in frame[0]
        assert "&lt;h2&gt;1. Scope&lt;/h2&gt;" in frame[0]
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=", html) == []


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("<p>x</p><script>alert(1)</script>", "<script>"),
        ("<SCRIPT src=//evil>", "<script>"),
        ("<!--><script>alert(1)</script>-->", "<script>"),
        ("<iframe/src=//evil>", "<iframe>"),
        ("<svg><a>x</a></svg>", "<svg>"),
        ("<form action=//evil><input name=code></form>", "<form>, <input>"),
        ("<style>body{display:none}</style>", "<style>"),
        ("<img src=x onerror=alert(1)>", "onerror="),
        ("<img src=x/OnError = 'alert(1)'>", "onerror="),
        ('<p title=">"onclick=alert(1)>', "onclick="),
        ("<p\nonmouseover\n=alert(1)>", "onmouseover="),
        ("<a href=javascript:alert(1)>x</a>", "javascript:"),
        ("<a href=' JaVaScRiPt:alert(1)'>x</a>", "javascript:"),
        ("<a href='java&#x09;script&colon;alert(1)'>x</a>", "javascript:"),
        ("<a href='java\nscript:alert(1)'>x</a>", "javascript:"),
        ("<a href='data:text/html,x'>x</a>", "data:text/html"),
        ("<script>a</script><p onclick=x><script>", "<script>, onclick="),
    ],
)
def test_content_that_could_run_is_refused_with_its_reason(lena, content, found):
    response = lena.post(f"{LIST}add/", form(content=content))

    assert errors(response) == {
        "content": [f"Not allowed here, because it could run in the mini-program: {found}."],
    }
    assert not Agreement.objects.filter(version="2.0").exists()


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        "<p class='a' style='color:red'>Terms &amp; conditions, based on JavaScript and scripts; x &lt; y</p>",
        "<table><tr><td colspan=2>数据</td></tr></table><img src='https://example.com/a.png' alt=''>",
        "<p>Only one = one, and the formula a<b stays.</p>",
    ],
)
def test_plain_content_is_accepted(lena, content):
    assert lena.post(f"{LIST}add/", form(content=content)).status_code == 302
    assert Agreement.objects.get(version="2.0").content == content


def test_the_defaults_can_be_taken_back_and_made_again(draft):
    defaults = importlib.import_module("settings_app.migrations.0002_defaults")
    before = client_config()

    defaults.remove_defaults(apps, None)
    assert list(Agreement.objects.values_list("version", flat=True)) == ["2.0"]
    assert not LoginSettings.objects.exists()

    defaults.create_defaults(apps, None)
    defaults.create_defaults(apps, None)
    assert client_config() == before


def test_taking_the_defaults_back_does_not_open_a_login_that_was_closed():
    LoginSettings.objects.update(mnp_wechat_auth=False)

    importlib.import_module("settings_app.migrations.0002_defaults").remove_defaults(apps, None)

    assert LoginSettings.current().mnp_wechat_auth is False


def test_agreements_are_named_for_people(draft):
    with translation.override("en"):
        assert str(draft) == "Service agreement 2.0"
