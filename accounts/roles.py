"""The three roles that a fresh installation has, as groups that a superuser may change."""

from __future__ import annotations

from typing import Any

# By group: app, model and the codenames of the permissions.
ROLES: dict[str, list[tuple[str, str, list[str]]]] = {
    "operator": [
        ("settings_app", "loginsettings", ["view_loginsettings", "change_loginsettings"]),
        ("settings_app", "agreement", ["view_agreement", "add_agreement", "change_agreement", "delete_agreement"]),
    ],
    "support": [("accounts", "user", ["view_user", "disable_user", "revoke_tokens"])],
    "privacy officer": [
        (
            "accounts",
            "user",
            ["view_user", "view_phone", "export_users", "reset_profile", "change_mobile", "anonymise_user"],
        ),
    ],
}


def create_roles(apps: Any) -> None:
    """Give each role what it lacks; what a superuser added to it stays. `apps` is a migration's or the real registry.

    Permissions are created here where they are missing, with the names that the models give them: Django makes them
    only after the last migration.
    """
    for name, grants in ROLES.items():
        group, _created = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        for app, model, codenames in grants:
            group.permissions.add(*(permission(apps, app, model, codename) for codename in codenames))


def permission(apps: Any, app: str, model: str, codename: str) -> Any:
    content_type, _created = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app, model=model
    )
    meta = apps.get_model(app, model)._meta
    action = codename.removesuffix(f"_{model}")
    label = dict(meta.permissions).get(codename) or f"Can {action} {meta.verbose_name_raw}"
    row, _created = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": label}
    )
    return row
