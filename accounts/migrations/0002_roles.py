"""Ready groups for operators, support and the privacy officer."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from accounts.roles import create_roles


def create(apps: Any, schema_editor: Any) -> None:
    create_roles(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_admin"),
        ("settings_app", "0002_defaults"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    # Groups may have members by then, so that going back leaves them.
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
