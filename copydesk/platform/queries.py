"""Is the platform fit to serve?"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError, InterfaceError


@dataclass(frozen=True, slots=True)
class Readiness:
    database: bool
    migrations: bool
    queue: bool

    @property
    def ready(self) -> bool:
        return self.database and self.migrations and self.queue


def readiness() -> Readiness:
    """Whether the database answers, all migrations are applied and the jobs can be read. About five queries."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, InterfaceError):
        return Readiness(database=False, migrations=False, queue=False)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM procrastinate_jobs LIMIT 1")
    except DatabaseError:
        return Readiness(database=True, migrations=migrated, queue=False)
    return Readiness(database=True, migrations=migrated, queue=True)
