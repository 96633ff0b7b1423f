"""The walls between websites, as PostgreSQL has them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from copydesk.tenancy.secure import SETTING

pytestmark = pytest.mark.django_db

OF_NO_WEBSITE = {
    "cache",
    "tenancy_website",
    "accounts_user",
    "accounts_token",
    "accounts_attempts",
    "account_emailaddress",
    "account_emailconfirmation",
    "mfa_authenticator",
    "usersessions_usersession",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
    "django_session",
    # The sandbox gateway's own books: the outside world.
    "payments_sandboxpayment",
    "payments_sandboxrefund",
}
DEFINERS = {
    "resolve_caller",
    "memberships_of",
    "resolve_calendar_feed",
    "check_payout",
    "ledger_check_transfer",
    "search_orders",
    "search_tickets",
}
"""Functions that see more than their caller: each reviewed, each with its own search path."""


def ask(sql: str, *params: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def tables() -> set[str]:
    return {row[0] for row in ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def tenant_tables() -> set[str]:
    return {
        row[0]
        for row in ask(
            "SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE a.attname = 'website_id' AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
        )
    }


def test_every_table_is_of_a_website_or_known_not_to_be() -> None:
    others = {table for table in tables() - tenant_tables() if not table.startswith("procrastinate_")}
    assert others == OF_NO_WEBSITE


def test_every_table_of_websites_has_its_policies() -> None:
    secured = {
        row[0]: row[1:]
        for row in ask(
            "SELECT relname, relrowsecurity FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
    }
    policies: dict[str, dict[str, tuple[Any, ...]]] = {}
    for table, policy, *rest in ask(
        "SELECT tablename, policyname, permissive, roles::text[], cmd, qual, with_check FROM pg_policies"
    ):
        policies.setdefault(table, {})[policy] = tuple(rest)
    bare = SETTING.replace("'app.website_id'", "'app.website_id'::text").replace(", '')", ", ''::text)").upper()
    for table in tenant_tables() | {"tenancy_website"}:
        assert secured[table] == (True,), f"{table} has no row-level security"
        assert set(policies[table]) == {"website", "across"}, table
        permissive, roles, command, using, check = policies[table]["website"]
        column = "id" if table == "tenancy_website" else "website_id"
        assert (permissive, roles, command) == ("PERMISSIVE", ["app"], "ALL"), table
        assert using == check, table
        assert using.upper().replace("(", "").replace(")", "") == f"{column} = {bare}".upper().replace("(", "").replace(
            ")", ""
        ), table
        assert policies[table]["across"] == ("PERMISSIVE", ["app_across"], "SELECT", "true", None), table


def test_every_reference_between_rows_of_websites_is_held_with_its_website() -> None:
    """A plain foreign key alone would let a row of one website name a row of another."""
    keys = ask(
        """
        SELECT con.conrelid::regclass::text, con.confrelid::regclass::text,
               (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(con.conkey) WITH ORDINALITY k(num, n)
                JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.num),
               (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(con.confkey) WITH ORDINALITY k(num, n)
                JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.num),
               con.convalidated
        FROM pg_constraint con WHERE con.contype = 'f'
        """
    )
    tenants = tenant_tables()
    plain = {(table, target, columns[0]) for table, target, columns, _, _ in keys if len(columns) == 1}
    held = {
        (table, target, columns[1])
        for table, target, columns, to, valid in keys
        if valid and len(columns) == 2 and columns[0] == "website_id" and to[0] == "website_id"
    }
    missing = {key for key in plain if key[0] in tenants and key[1] in tenants} - held
    assert not missing


def test_the_applications_role_may_not_pass_the_walls() -> None:
    [(role,)] = ask("SELECT current_user")
    assert role == "app"
    may = "rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb"
    assert ask(f"SELECT {may} FROM pg_roles WHERE rolname = 'app'") == [(False,) * 5]
    [across] = ask("SELECT rolsuper, rolbypassrls, rolinherit, rolcanlogin FROM pg_roles WHERE rolname = 'app_across'")
    assert across == (False,) * 4
    [owner] = ask("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'app_owner'")
    assert owner == (False, False)
    owners = {row[0] for row in ask("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")}
    assert owners == {"app_owner"}
    members = ask(
        "SELECT g.rolname FROM pg_auth_members m"
        " JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles r ON r.oid = m.member"
        " WHERE r.rolname IN ('app', 'app_across')"
    )
    assert members == [("app_across",)]


def test_who_reads_across_cannot_write() -> None:
    rights = ask(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'app_across' AND privilege_type <> 'SELECT'"
    )
    assert not rights


def test_the_application_may_not_truncate_or_alter() -> None:
    rights = ask(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee IN ('app', 'PUBLIC') AND table_schema = 'public'"
        " AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')"
    )
    assert not rights


def test_functions_that_see_more_are_known() -> None:
    found = ask(
        "SELECT proname, proconfig FROM pg_proc"
        " WHERE prosecdef AND pronamespace = 'public'::regnamespace AND NOT starts_with(proname, 'procrastinate_')"
    )
    assert {row[0] for row in found} == DEFINERS
    for function, settings in found:
        assert "search_path=public, pg_temp" in (settings or []), function


def test_views_ask_as_their_caller() -> None:
    views = ask(
        "SELECT relname, relkind, reloptions FROM pg_class"
        " WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
    )
    for view, kind, options in views:
        assert kind == "v", f"{view}: a materialised view has no policies"
        assert "security_invoker=true" in (options or []), view
