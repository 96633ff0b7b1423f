"""Keys, indexes and triggers of the demonstration's tables: off before a large load, exactly as they were after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any

import psycopg
from django.db import connection
from django.db.models import CheckConstraint
from psycopg import sql

from ..copy import SHEETS, Database

TABLES = [model._meta.db_table for model in SHEETS]
AT_ONCE = 2
"""Connections that build at the same time."""
BUILDING = ("SET maintenance_work_mem = '1GB'", "SET work_mem = '512MB'", "SET max_parallel_maintenance_workers = 0")

CATALOG = (
    """
    SELECT 'constraint', conrelid::regclass::text, conname, contype::text, condeferrable, condeferred, convalidated,
           pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    """
    SELECT 'index', i.indrelid::regclass::text, i.indexrelid::regclass::text, i.indisunique, i.indisprimary,
           i.indisvalid, i.indisready, i.indisreplident, pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace
    """,
    """
    SELECT 'trigger', t.tgrelid::regclass::text, CASE WHEN t.tgisinternal THEN k.conname ELSE t.tgname END,
           t.tgenabled::text, t.tgtype, t.tgfoid::regproc::text,
           CASE WHEN t.tgisinternal THEN '' ELSE pg_get_triggerdef(t.oid) END
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid LEFT JOIN pg_constraint k ON k.oid = t.tgconstraint
    WHERE c.relnamespace = 'public'::regnamespace
    """,
)
KEYS = """
SELECT c.contype::text, t.relname, c.conname, pg_get_constraintdef(c.oid)
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid LEFT JOIN pg_class f ON f.oid = c.confrelid
WHERE c.connamespace = 'public'::regnamespace AND c.conparentid = 0 AND (
    (c.contype IN ('p', 'u', 'x') AND t.relname = ANY(%(tables)s))
    OR (c.contype = 'f' AND (t.relname = ANY(%(tables)s) OR f.relname = ANY(%(tables)s)))
)
ORDER BY t.relname, c.conname
"""
INDEXES = """
SELECT t.relname, x.relname, pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
WHERE t.relname = ANY(%(tables)s) AND t.relnamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
ORDER BY t.relname, x.relname
"""

Catalog = frozenset[tuple[Any, ...]]
Connect = Callable[[], Database]
Statement = sql.SQL | sql.Composed


class StructureError(Exception):
    """What was put back is not what the migrations made."""


@dataclass(frozen=True, slots=True)
class Key:
    table: str
    name: str
    definition: str

    def drop(self) -> sql.Composed:
        return sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
            sql.Identifier(self.table), sql.Identifier(self.name)
        )

    def add(self, more: str = "") -> sql.Composed:
        return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
            sql.Identifier(self.table), sql.Identifier(self.name), sql.SQL(f"{self.definition}{more}")
        )

    def validate(self) -> sql.Composed:
        return sql.SQL("ALTER TABLE {} VALIDATE CONSTRAINT {}").format(
            sql.Identifier(self.table), sql.Identifier(self.name)
        )


@dataclass(frozen=True, slots=True)
class Structure:
    """`catalog`: all of it as it was, to be compared with. CHECK constraints stay in force during the load."""

    catalog: Catalog
    foreign: Sequence[Key]
    unique: Sequence[Key]
    indexes: Sequence[Key]


def read_catalog(database: Database) -> Catalog:
    return frozenset(chain.from_iterable(database.execute(query.encode()).fetchall() for query in CATALOG))


def take_off(database: Database) -> Structure:
    """In one transaction: until it commits, the tables are whole."""
    given = {"tables": TABLES}
    ours = dict(declared_indexes())
    keys = database.execute(KEYS, given).fetchall()
    structure = Structure(
        catalog=read_catalog(database),
        foreign=[Key(table, name, text) for kind, table, name, text in keys if kind == "f"],
        unique=[Key(table, name, text) for kind, table, name, text in keys if kind != "f"],
        indexes=[Key(table, name, ours.get(name, text)) for table, name, text in database.execute(INDEXES, given)],
    )
    with database.transaction():
        for key in (*structure.foreign, *structure.unique):
            database.execute(key.drop())
        for index in structure.indexes:
            database.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index.name)))
        switch_triggers(database, "DISABLE")
    return structure


def declared_indexes() -> Iterator[tuple[str, str]]:
    """name → statement, as migrations run it: PostgreSQL's own words for a condition, read again, become others."""
    editor = connection.schema_editor(collect_sql=True)
    for model in SHEETS:
        for declared in (*model._meta.indexes, *model._meta.constraints):
            statement = None if isinstance(declared, CheckConstraint) else declared.create_sql(model, editor)
            if statement is not None and not str(statement).startswith("ALTER"):
                yield declared.name, str(statement)


def switch_triggers(database: Database, word: str) -> None:
    """Ours, not those by which PostgreSQL holds foreign keys."""
    for table in TABLES:
        database.execute(sql.SQL(f"ALTER TABLE {{}} {word} TRIGGER USER").format(sql.Identifier(table)))


def put_back(connect: Connect, structure: Structure) -> None:
    """Indexes and keys table by table, the largest first, then foreign keys: declared, and validated table by table, so
    that they wait for each other's locks no longer than needed. Raises StructureError where the catalog differs."""
    with connect() as database:
        sizes = dict(database.execute("SELECT relname, pg_relation_size(oid) FROM pg_class").fetchall())
    build: defaultdict[str, list[Statement]] = defaultdict(list)
    for key in structure.unique:
        build[key.table].append(key.add())
    for index in structure.indexes:
        build[index.table].append(sql.SQL(index.definition))
    validate: defaultdict[str, list[Statement]] = defaultdict(list)
    for key in structure.foreign:
        validate[key.table].append(key.validate())

    def largest_first(statements: dict[str, list[Statement]]) -> list[list[Statement]]:
        return [statements[table] for table in sorted(statements, key=lambda table: -sizes.get(table, 0))]

    side_by_side(connect, largest_first(build))
    with connect() as database:
        for key in structure.foreign:
            database.execute(key.add(" NOT VALID"))
    side_by_side(connect, largest_first(validate))
    with connect() as database:
        switch_triggers(database, "ENABLE")
        differs = structure.catalog ^ read_catalog(database)
    if differs:
        raise StructureError("\n".join(map(str, sorted(differs, key=str))))


def side_by_side(connect: Connect, batches: Iterable[Sequence[Statement]]) -> None:
    """Each batch on a connection of its own, `AT_ONCE` of them at a time; the statements of a batch one by one."""

    def run(batch: Sequence[Statement]) -> None:
        with connect() as database:
            for setting in BUILDING:
                database.execute(setting.encode())
            for statement in batch:
                database.execute(statement)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run, batches))


def connect_to(info: dict[str, Any]) -> Connect:
    return lambda: psycopg.connect(**info, autocommit=True)
