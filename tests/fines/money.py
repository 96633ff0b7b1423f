"""What the machine of tests/orders/test_money_machine.py does with fines, and what must hold of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from copydesk.fines import actions as fines
from copydesk.fines import tasks
from copydesk.fines.models import Appeal, Fine
from copydesk.fines.policies import FineKind

NUMBERS = st.integers(0, 3)
FORGIVEN = st.sampled_from([None, None, 1, 40])
BROKEN = """
SELECT 'a fine is not what was kept of it less what was waived', f.id FROM fines_fine f
    LEFT JOIN payments_earning e ON e.reference_type = 'fine' AND e.reference_id = f.id
    WHERE f.website_id = %(website)s GROUP BY f.id
    HAVING -coalesce(sum(e.amount_minor), 0) <> CASE
        WHEN f.issued_at IS NULL OR f.status = 'voided' THEN 0 ELSE f.amount_minor - f.waived_minor END
        OR count(*) FILTER (WHERE e.kind = 'fine') > 1
UNION ALL
SELECT 'the account of fines is not their sum', w.id FROM tenancy_website w WHERE w.id = %(website)s
    AND (SELECT coalesce(sum(p.amount_minor), 0) FROM payments_posting p
         JOIN payments_ledgeraccount a ON a.id = p.account_id WHERE a.website_id = w.id AND a.kind = 'fines')
     <> (SELECT coalesce(sum(amount_minor - waived_minor), 0) FROM fines_fine
         WHERE website_id = w.id AND issued_at IS NOT NULL AND status <> 'voided')
UNION ALL
SELECT 'a fine is settled that was not paid out', f.id FROM fines_fine f
    WHERE f.website_id = %(website)s AND f.status = 'settled' AND f.amount_minor > f.waived_minor AND NOT EXISTS (
        SELECT FROM payments_earning e JOIN payments_payoutline l ON l.earning_id = e.id
        JOIN payments_payoutstatement s ON s.id = l.statement_id JOIN payments_payout p ON p.id = s.payout_id
        WHERE e.reference_type = 'fine' AND e.reference_id = f.id AND e.kind = 'fine' AND p.status = 'paid')
UNION ALL
SELECT 'an appealed fine is not held, or another one is', f.id FROM fines_fine f
    WHERE f.website_id = %(website)s AND (f.status = 'appealed') <> EXISTS (
        SELECT FROM payments_earninghold h
        WHERE h.reference_type = 'fine' AND h.reference_id = f.id AND h.released_at IS NULL)
UNION ALL
SELECT 'fines come to more than half of the pay', f.assignment_id FROM fines_fine f
    JOIN orders_assignment a ON a.id = f.assignment_id
    WHERE f.website_id = %(website)s AND f.status <> 'voided' GROUP BY f.assignment_id, f.pay_minor
    HAVING sum(f.amount_minor - f.waived_minor) > round(max(f.pay_minor) * 0.5)
"""


class Fining:
    website: Any
    writers: list[Any]
    admins: list[Any]
    order: Callable[..., Any]
    attempt: Callable[[Callable[[], object]], None]

    @rule(number=NUMBERS, amount=st.sampled_from([30, 200, 5_000]))
    def fine(self, number: int, amount: int) -> None:
        if order := self.order(number):
            given: Any = {"kind": FineKind.QUALITY, "reason": "No sources.", "amount_minor": amount}
            self.attempt(lambda: fines.propose_fine(order=order, by=self.admins[0], **given))

    @rule(number=NUMBERS, step=st.sampled_from(["issue", "issue", "appeal", "waive", "void"]), forgiven=FORGIVEN)
    def decide_a_fine(self, number: int, step: str, forgiven: int | None) -> None:
        found = list(Fine.objects.of(self.website).exclude(status="voided").order_by("id"))
        if not found:
            return
        row, by = found[number % len(found)], self.admins[0]
        writer = next(each for each in self.writers if each.membership_id == row.writer_id)
        acts: dict[str, Callable[[], object]] = {
            "issue": lambda: fines.issue_fine(row, by=by),
            "appeal": lambda: fines.appeal_fine(row, by=writer, text="They are there."),
            "waive": lambda: fines.waive_fine(row, by=by, reason="Ill.", amount_minor=forgiven),
            "void": lambda: fines.void_fine(row, by=by, reason="Wrong."),
        }
        self.attempt(acts[step])

    @rule(number=NUMBERS, grants=st.booleans(), forgiven=FORGIVEN)
    def decide_an_appeal(self, number: int, grants: bool, forgiven: int | None) -> None:
        found = list(Appeal.objects.of(self.website).filter(status="open").select_related("fine").order_by("id"))
        if found:
            row, by = found[number % len(found)], self.admins[1]
            if grants:
                self.attempt(lambda: fines.approve_appeal(row, by=by, reason="Indeed.", amount_minor=forgiven))
            else:
                self.attempt(lambda: fines.reject_appeal(row, by=by, reason="No."))

    @rule()
    def the_clock_of_fines(self) -> None:
        tasks.fall_due(self.website)
        tasks.lapse(self.website)
