"""The migration operation that walls a domain's tables: policies, grants, composite keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.migrations.operations.base import Operation

SETTING = "nullif(current_setting('app.website_id', true), '')::bigint"


class SecureTables(Operation):
    """For every table of `app_label` with a website: one policy for `app`, one for `app_across`, a unique
    (website_id, id), and for every foreign key to such a table a composite one, so that the database itself refuses a
    reference across websites. Safe to run again: a later migration that adds a table or a key names it once more.

    `append_only`: models whose rows no role of the application may change or remove.
    """

    reduces_to_sql = True
    reversible = False

    def __init__(self, app_label: str, append_only: tuple[str, ...] = ()) -> None:
        self.app_label = app_label
        self.append_only = tuple(name.lower() for name in append_only)

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for model in to_state.apps.get_app_config(self.app_label).get_models():
            if model._meta.managed:  # a view asks as its caller: the policies of its tables hold
                for statement in self._statements(model):
                    schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        return f"Row-level security and composite keys for {self.app_label}"

    def _statements(self, model: type[models.Model]) -> Iterator[str]:
        table = model._meta.db_table
        if belongs_to_website(model):
            yield from wall(table, "website_id")
            yield composite_unique(table)
            for field in model._meta.concrete_fields:
                target = field.related_model
                if isinstance(target, type) and belongs_to_website(target):
                    yield composite_unique(target._meta.db_table)
                    yield composite_key(table, str(field.column), target._meta.db_table)
        if model._meta.model_name in self.append_only:
            yield from append_only(table)


def belongs_to_website(model: type[models.Model]) -> bool:
    return any(field.column == "website_id" for field in model._meta.concrete_fields)


def wall(table: str, column: str) -> Iterator[str]:
    yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
    yield f'DROP POLICY IF EXISTS website ON "{table}"'
    yield (f'CREATE POLICY website ON "{table}" TO app USING ({column} = {SETTING}) WITH CHECK ({column} = {SETTING})')
    yield f'DROP POLICY IF EXISTS across ON "{table}"'
    yield f'CREATE POLICY across ON "{table}" FOR SELECT TO app_across USING (true)'


def composite_unique(table: str) -> str:
    return _unless_known(f"{table}_website_id_id", f'ALTER TABLE "{table}" ADD CONSTRAINT %I UNIQUE (website_id, id)')


def composite_key(table: str, column: str, target: str) -> str:
    return _unless_known(
        f"{table}_{column}_website",
        f'ALTER TABLE "{table}" ADD CONSTRAINT %I FOREIGN KEY (website_id, {column}) '
        f'REFERENCES "{target}" (website_id, id) DEFERRABLE INITIALLY DEFERRED',
    )


def append_only(table: str) -> Iterator[str]:
    """By trigger, so that it binds the owner too; truncation is refused as well."""
    yield f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table}" FROM app'
    yield f'DROP TRIGGER IF EXISTS append_only ON "{table}"'
    yield (
        f'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "{table}" '
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def _unless_known(name: str, statement: str) -> str:
    name = name[:63]
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = '{name}') THEN "  # noqa: S608 — names of our own tables
        f"EXECUTE format($q${statement}$q$, '{name}'); END IF; END $$"
    )
