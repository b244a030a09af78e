"""A query of the hot path: written with the ORM, compiled by it once, and from then on only run.

Building and compiling a query takes the ORM three times as long as asking the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


class Parameter(str):
    """Stands in the compiled query for what each call gives under this name."""

    __slots__ = ()


class Lookup(Generic[M]):
    """`build` filters by its parameters; they are text, and lead to one row at most."""

    def __init__(self, *names: str, build: Callable[..., QuerySet[M]]) -> None:
        self.build, self.parameters = build, [Parameter(name) for name in names]
        self.statements: dict[str, Statement[M]] = {}

    def find(self, **given: str) -> M | None:
        # Django's `connection` asks which thread this is each time it is touched.
        database = connections[DEFAULT_DB_ALIAS]
        statement = self.statements.get(database.vendor) or self.compile(database)
        with getattr(database, "planned_once", database.cursor)() as cursor:
            cursor.execute(statement.sql, statement.bound(given))
            row = cursor.fetchone()
        return statement.instance(row, database) if row else None

    def compile(self, database: BaseDatabaseWrapper) -> Statement[M]:
        compiled = self.statements[database.vendor] = Statement(self.build(*self.parameters), database)
        return compiled


class Statement(Generic[M]):
    """One kind of database's SQL, and how its row becomes an instance with its relations and annotations."""

    def __init__(self, queryset: QuerySet[M], database: BaseDatabaseWrapper) -> None:
        compiler: Any = queryset.query.get_compiler(connection=database)
        self.sql, self.parameters = compiler.as_sql()
        columns = [column for column, *_rest in compiler.select]
        info = compiler.klass_info
        self.own = Columns(info, columns)
        self.relations = {part["field"].name: Columns(part, columns) for part in info.get("related_klass_infos", ())}
        self.annotations: dict[str, int] = compiler.annotation_col_map or {}
        self.converters = compiler.get_converters(columns)

    def bound(self, given: dict[str, str]) -> list[Any]:
        return [given[part] if isinstance(part, Parameter) else part for part in self.parameters]

    def instance(self, row: Sequence[Any], database: BaseDatabaseWrapper) -> M:
        values = self.converted(row, database) if self.converters else row
        found: M = self.own.instance(values)
        for name, columns in self.relations.items():
            setattr(found, name, columns.instance(values))
        for name, position in self.annotations.items():
            setattr(found, name, values[position])
        return found

    def converted(self, row: Sequence[Any], database: BaseDatabaseWrapper) -> list[Any]:
        values = list(row)
        for position, (converters, column) in self.converters.items():
            for convert in converters:
                values[position] = convert(values[position], column, database)
        return values


class Columns:
    """Where one model's fields stand in a row."""

    def __init__(self, info: dict[str, Any], columns: Sequence[Any]) -> None:
        first, last = info["select_fields"][0], info["select_fields"][-1]
        self.model, self.places = info["model"], slice(first, last + 1)
        self.names = [column.target.attname for column in columns[self.places]]

    def instance(self, values: Sequence[Any]) -> Any:
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, values[self.places])
