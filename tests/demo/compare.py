"""All rows of two websites, side by side: the nth of a table here is the nth of it there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
from allauth.account.models import EmailAddress
from psycopg.rows import dict_row

from copydesk.accounts.models import Membership, User
from copydesk.demo.copy import SHEETS
from copydesk.disputes.models import Dispute, Statement
from copydesk.editing.models import EditingTask, EditorProfile, RequiredChange
from copydesk.fines.models import Appeal as FineAppeal
from copydesk.fines.models import Fine
from copydesk.journal.models import Event
from copydesk.orders.models import Adjustment, Order, OrderFile, Request, Round
from copydesk.payments.models import (
    Charge,
    Earning,
    LedgerAccount,
    Payout,
    PayoutStatement,
    Repayment,
    SandboxPayment,
    SandboxRefund,
)
from copydesk.refunds.models import Refund
from copydesk.reviews.models import Appeal, Review
from copydesk.tenancy.models import Website
from copydesk.threads.models import Message
from copydesk.tickets.models import (
    AccountEscalation,
    CannedReply,
    Escalation,
    Faq,
    PaymentIssue,
    Shift,
    SupportProfile,
    Ticket,
)
from copydesk.writers.models import Writer

OF_NO_WEBSITE = (Website, User, EmailAddress, SandboxPayment, SandboxRefund)
CHANCE = {"intent", "key", "provider_reference", "salt", "digest", "xid", "message_id", "read_at"}
"""Columns that are drawn anew each time."""
ORDERED = {"notifications_notification": "event_id, member_id"}
"""Whom a job tells first does not matter."""
OF_ITS_ID = (Statement._meta.db_table, "sha256")
"""Of what names a row by its id."""
BY_NOUN = {
    model.noun: model._meta.db_table
    for model in (
        *(Membership, Writer, Order, Request, Adjustment, Round, OrderFile, Message, Charge, Repayment),
        *(EditingTask, EditorProfile, RequiredChange),
        *(Ticket, Escalation, PaymentIssue, AccountEscalation, SupportProfile, Shift, CannedReply, Faq),
    )
} | {
    Review.noun: Review._meta.db_table,
    Fine.noun: Fine._meta.db_table,
    FineAppeal.noun: FineAppeal._meta.db_table,
    Refund.noun: Refund._meta.db_table,
    Dispute.noun: Dispute._meta.db_table,
    Appeal.noun: Appeal._meta.db_table,
    Earning.noun: "payments_earning",
    Payout.noun: "payments_payout",
    PayoutStatement.noun: "payments_payoutstatement",
    "wallet": LedgerAccount._meta.db_table,
}
BY_NAME = {
    "user_id": "accounts_user",
    "member_id": "accounts_membership",
    "client_id": "accounts_membership",
    "writer_id": "accounts_membership",
    "former_writer_id": "accounts_membership",
    "editor_id": "accounts_membership",
    "former_editor_id": "accounts_membership",
    "assignee_id": "accounts_membership",
    "assignee_before_id": "accounts_membership",
    "target_id": "accounts_membership",
    "order_id": "orders_order",
    "ticket_id": "tickets_ticket",
    "into_id": "tickets_ticket",
    "merged_id": "tickets_ticket",
    "reply_id": "tickets_reply",
    "note_id": "tickets_note",
    "event_id": "journal_event",
    "charge_id": "payments_charge",
    "repayment_id": "payments_repayment",
    "earning_id": "payments_earning",
    "reduces_id": "payments_earning",
    "payout_id": "payments_payout",
    "adjustment_id": "orders_adjustment",
    "appeal_id": Appeal._meta.db_table,
    "request_id": "orders_request",
    "fine_id": Fine._meta.db_table,
    "refund_id": Refund._meta.db_table,
    "dispute_id": Dispute._meta.db_table,
}
"""What an id in an event's columns or data is of."""
ESCALATED = {True: Escalation._meta.db_table, False: AccountEscalation._meta.db_table}
"""Which escalation an event tells of, one of a ticket or not."""


class Comparison:
    """`differences` are lines: table, row, column, here, there."""

    def __init__(self, database: psycopg.Connection[Any], here: int, there: int) -> None:
        self.database = database
        self.here, self.there = here, there
        self.known: dict[str, dict[int, int]] = {"tenancy_website": {here: there}}
        self.compared: dict[str, int] = {}
        self.differences = list(self._all())

    def _all(self) -> Iterator[str]:
        pairs = []
        users = [self._rows("accounts_membership", website, "user_id AS id") for website in (self.here, self.there)]
        self.known["accounts_user"] = {a["id"]: b["id"] for a, b in zip(*users, strict=False)}
        for model in SHEETS:
            if model in OF_NO_WEBSITE:
                continue
            table = model._meta.db_table
            here, there = self._rows(table, self.here), self._rows(table, self.there)
            self.compared[table] = len(here)
            if len(here) != len(there):
                yield f"{table}: {len(here)} rows here, {len(there)} there"
            self.known[table] = {a["id"]: b["id"] for a, b in zip(here, there, strict=False) if "id" in a}
            pairs.append((model, list(zip(here, there, strict=False))))
        for model, rows in pairs:
            columns = {
                str(field.column): field.related_model._meta.db_table
                for field in model._meta.concrete_fields
                if field.related_model is not None
            }
            if model is Event:
                columns = {name: BY_NAME[name] for name in ("user_id", "member_id", "client_id", "writer_id")}
            for a, b in rows:
                yield from self._row(model._meta.db_table, columns, a, b)

    def _row(self, table: str, columns: dict[str, str], a: dict[str, Any], b: dict[str, Any]) -> Iterator[str]:
        for name, value in a.items():
            if name in CHANCE or name == "id" or (table, name) == OF_ITS_ID:
                continue
            expected = self._translated(table, columns, a, name, value)
            if expected != b[name]:
                yield f"{table} {a.get('id')} ({a.get('verb') or a.get('status') or ''}).{name}: {expected} / {b[name]}"

    def _translated(self, table: str, columns: dict[str, str], row: dict[str, Any], name: str, value: Any) -> Any:
        if value is None:
            return None
        if name == "website_id":
            return self.there
        if name in columns:
            return self._there(columns[name], value)
        if name in ("subject_id", "root_id", "reference_id", "about_id"):
            return self._there(BY_NOUN[row[name.removesuffix("_id") + "_type"]], value)
        if name == "event_id":
            return self._there("journal_event", value)
        if name == "data" and table == "journal_event":
            known = BY_NAME | {"escalation_id": ESCALATED[row["subject_type"] == Ticket.noun]}
            if value.get("about_type"):
                known["about_id"] = BY_NOUN[value["about_type"]]
            return {key: self._there(known[key], v) if key in known else v for key, v in value.items()}
        if name == "signals":
            return [{**one, "evidence": self._evidence(one["evidence"])} for one in value]
        if name == "storage_key":
            return re.sub(r"^\d+/", f"{self.there}/", value)
        return value

    def _evidence(self, found: dict[str, Any]) -> dict[str, Any]:
        known = found.get("review_id")
        return found if known is None else {**found, "review_id": self._there(Review._meta.db_table, known)}

    def _there(self, table: str, value: int) -> int | str:
        return self.known[table].get(value, f"unknown {table} {value}")

    def _rows(self, table: str, website_id: int, columns: str = "*") -> list[dict[str, Any]]:
        with self.database.cursor(row_factory=dict_row) as cursor:
            order = ORDERED.get(table, f"{table}.id")
            query = f"SELECT {columns} FROM {table} WHERE website_id = {website_id} ORDER BY {order}"
            return cursor.execute(query.encode()).fetchall()
