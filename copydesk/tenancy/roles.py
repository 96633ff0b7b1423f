"""The roles and the database, made once by a superuser: `python -m copydesk.tenancy.roles URL DBNAME`.

`app_owner` owns and migrates. `app` serves: no owner, no superuser, cannot bypass policies, and NOINHERIT before any
grant, because an inherited role's policies would open every website. `app_across` reads all websites, entered by
SET LOCAL ROLE, and cannot write.
"""

from __future__ import annotations

import sys

import psycopg
from psycopg import sql

ROLES = {
    "app_owner": "LOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT NOCREATEDB NOCREATEROLE",
    "app": "LOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT NOCREATEDB NOCREATEROLE",
    "app_across": "NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT NOCREATEDB NOCREATEROLE",
}

IN_DATABASE = """
ALTER SCHEMA public OWNER TO app_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO app, app_across;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO app;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA public GRANT SELECT ON TABLES TO app_across;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO app;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO app, app_across;
"""


def ensure_roles(superuser: psycopg.Connection) -> None:
    for role, attributes in ROLES.items():
        known = superuser.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = "ALTER" if known else "CREATE"
        superuser.execute(sql.SQL(f"{verb} ROLE {{}} {attributes}").format(sql.Identifier(role)))
    superuser.execute("GRANT app_across TO app")
    # One that is left open holds back what the live stream and the seals may read.
    superuser.execute("ALTER ROLE app SET idle_in_transaction_session_timeout = '60s'")


def ensure_database(superuser_url: str, name: str) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as superuser:
        ensure_roles(superuser)
        if not superuser.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            superuser.execute(sql.SQL("CREATE DATABASE {} OWNER app_owner").format(sql.Identifier(name)))
    with psycopg.connect(superuser_url, dbname=name, autocommit=True) as superuser:
        superuser.execute(IN_DATABASE)


if __name__ == "__main__":
    ensure_database(sys.argv[1], sys.argv[2])
