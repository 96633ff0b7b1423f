"""Rows on their way into the database: made as a model would make them, sent by COPY, whole tables at a time.

Foreign keys are deferred, so order matters only where a trigger looks for another row: SHEETS is that order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from allauth.account.models import EmailAddress
from django.contrib.postgres.fields import ArrayField
from django.db import models
from psycopg import sql

from copydesk.accounts.models import Membership, User
from copydesk.disputes.models import Dispute, Evidence, Statement
from copydesk.disputes.models import Stage as DisputeStage
from copydesk.editing.models import (
    EditingReview,
    EditingTask,
    EditorProfile,
    Expertise,
    RequiredChange,
    ReviewFile,
)
from copydesk.files.models import File
from copydesk.fines.models import Appeal as FineAppeal
from copydesk.fines.models import Fine
from copydesk.journal.models import Event
from copydesk.notifications.models import Notification
from copydesk.orders.models import (
    Adjustment,
    Assignment,
    ExcusedTime,
    Offer,
    Order,
    PriceLine,
    Request,
    Round,
)
from copydesk.orders.models.files import OrderFile
from copydesk.payments.models import (
    Charge,
    Earning,
    EarningHold,
    LedgerAccount,
    Payout,
    PayoutLine,
    PayoutStatement,
    Posting,
    Repayment,
    SandboxPayment,
    SandboxRefund,
    Transfer,
    Webhook,
)
from copydesk.refunds.models import Refund, RefundPart
from copydesk.reviews.models import Appeal, Decision, Fragment, Report, Review
from copydesk.tenancy.models import Website
from copydesk.threads.models import Message, ReadMark, Thread
from copydesk.tickets.models import (
    AccountEscalation,
    CannedReply,
    Clock,
    Escalation,
    Faq,
    Note,
    PaymentIssue,
    Reply,
    Shift,
    SupportProfile,
    Ticket,
    TicketFile,
)
from copydesk.writers.models import Choice, Skill, Writer

SHEETS: tuple[type[models.Model], ...] = (
    Website,
    User,
    EmailAddress,
    Membership,
    Writer,
    Skill,
    Choice,
    Order,
    Charge,
    Adjustment,
    PriceLine,
    Request,
    Offer,
    Assignment,
    Round,
    ExcusedTime,
    File,
    OrderFile,
    EditorProfile,
    Expertise,
    EditingTask,
    EditingReview,
    ReviewFile,
    RequiredChange,
    Thread,
    Message,
    ReadMark,
    SandboxPayment,
    SandboxRefund,
    Webhook,
    LedgerAccount,
    Repayment,
    Refund,
    RefundPart,
    Fine,
    FineAppeal,
    Earning,
    EarningHold,
    Transfer,
    Posting,
    Payout,
    PayoutStatement,
    PayoutLine,
    Review,
    Fragment,
    Decision,
    Report,
    Appeal,
    Dispute,
    DisputeStage,
    Statement,
    Evidence,
    SupportProfile,
    Shift,
    CannedReply,
    Faq,
    Ticket,
    Reply,
    Note,
    TicketFile,
    Clock,
    Escalation,
    PaymentIssue,
    AccountEscalation,
    Event,
    Notification,
)
COUNTED_WITH: dict[type[models.Model], type[models.Model]] = {AccountEscalation: Escalation}
"""Tables whose ids come from another one's sequence."""
AT_ONCE = 20_000
Database = psycopg.Connection[Any]


def dumps(value: Any) -> str:
    """As JSON columns are sent."""
    return orjson.dumps(value).decode()


class Row:
    """A row as its table has it: columns are attributes, and what its model computes from them (`parties`, `root`).

    `order`, `charge`, `fine`, `thread`, `task`, `review`, `ticket`: the row that it belongs to, where its model asks
    that one.
    """

    __slots__ = ("__dict__", "charge", "fine", "order", "review", "sheet", "task", "thread", "ticket")

    def __init__(self, sheet: Sheet, values: dict[str, Any]) -> None:
        self.sheet = sheet
        self.__dict__ = values

    if TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        """For what is no column; a profile's id is its member's."""
        if name in ("id", "pk"):
            return self.__dict__[self.sheet.key]
        if name == "noun":
            return self.sheet.noun
        computed = getattr(self.sheet.model, name, None)
        if isinstance(computed, property) and computed.fget:
            return computed.fget(self)
        raise AttributeError(f"{self.sheet.table} has no {name}")


class Sheet:
    """One table: its columns, what they are by default, the next id (by its own counter, or another sheet's), and the
    rows that wait to be sent."""

    def __init__(self, model: type[models.Model], first_id: int) -> None:
        self.model = model
        self.table = model._meta.db_table
        self.noun: str = getattr(model, "noun", "")
        self.next_id = first_id
        self.fields = [field for field in model._meta.concrete_fields if field.db_default is models.NOT_PROVIDED]
        self.columns = [str(field.column) for field in self.fields]
        self.template = {field.attname: _default(field) for field in self.fields}
        self.key = model._meta.pk.attname if model._meta.pk else "id"
        self.counted = isinstance(model._meta.pk, models.AutoField)
        self.counter = self
        self.pending: list[dict[str, Any]] = []

    def make(self, **values: Any) -> Row:
        """A row that is not sent yet, with the next id where the table counts its rows."""
        full = {**self.template, **values}
        assert len(full) == len(self.columns), f"{self.table}: {set(values) - set(self.template)}"
        if self.counted:
            full[self.key] = self.counter.next_id
            self.counter.next_id += 1
        return Row(self, full)


class Loader:
    """All sheets of one database. Their ids begin at `first_id`, or go on after those that are there. `flush` sends
    what waits, in the order of SHEETS."""

    def __init__(self, database: Database, first_id: int | None = None) -> None:
        self.database = database
        self.sheets = {model: Sheet(model, first_id or self._first_id(model)) for model in SHEETS}
        for model, other in COUNTED_WITH.items():
            self.sheets[model].counter = self.sheets[other]
        self._waiting = 0
        self.sent = 0

    def send(self, row: Row) -> None:
        row.sheet.pending.append(vars(row))
        self._waiting += 1

    def relax(self) -> None:
        """Sends what waits when it has become much: at a moment when no row waits for one that is not sent."""
        if self._waiting >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        with self.database.cursor() as cursor:
            for sheet in self.sheets.values():
                if not sheet.pending:
                    continue
                names = sql.SQL(", ").join([sql.Identifier(column) for column in sheet.columns])
                statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(sheet.table), names)
                with cursor.copy(statement) as copy:
                    for values in sheet.pending:
                        copy.write_row(tuple(values.values()))
                sheet.pending.clear()
        self.sent += self._waiting
        self._waiting = 0

    def update(self, row: Row, *fields: str) -> None:
        """For a row that is sent already."""
        columns = {field.attname: str(field.column) for field in row.sheet.fields}
        names = [sql.SQL("{} = %s").format(sql.Identifier(columns[field])) for field in fields]
        statement = sql.SQL("UPDATE {} SET {} WHERE id = %s").format(
            sql.Identifier(row.sheet.table), sql.SQL(", ").join(names)
        )
        self.database.execute(statement, [*(getattr(row, field) for field in fields), row.id])

    def finish(self) -> None:
        """Sequences go on after the last id, and the planner knows what has come."""
        self.flush()
        for sheet in self.sheets.values():
            if sheet.counted and sheet.counter is sheet:
                self.database.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, %s), %s, false)", [sheet.table, sheet.key, sheet.next_id]
                )
            self.database.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(sheet.table)))

    def _first_id(self, model: type[models.Model]) -> int:
        key = model._meta.pk
        if not isinstance(key, models.AutoField) or model in COUNTED_WITH:
            return 1
        row = self.database.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s))", [model._meta.db_table, key.column]
        ).fetchone()
        assert row is not None
        return int(row[0])


def _default(field: models.Field[Any, Any]) -> Any:
    if field.has_default():
        if not callable(field.default):
            return field.default
        if isinstance(field, models.JSONField):
            return dumps(field.default())
        return field.default() if isinstance(field, models.DurationField | ArrayField) else None
    return "" if field.empty_strings_allowed and not field.null else None
