"""Text that WeChat issues, compared byte by byte on every database."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class ByteCharField(models.CharField):  # type: ignore[type-arg]
    """A CharField under which `oA` and `oa` are two people.

    PostgreSQL and SQLite compare so by default; MariaDB and MySQL fold case unless the column's collation is binary.
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            parameters["collation"] = "utf8mb4_bin"
        return parameters
