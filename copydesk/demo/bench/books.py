"""The books of a large world: what triggers count row by row is counted once, and everything is checked by sets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ..copy import Database
from .structure import AT_ONCE, BUILDING, Connect

COUNTERS = (
    """
    UPDATE payments_ledgeraccount a SET balance_minor = s.amount_minor
    FROM (
        SELECT p.account_id, sum(p.amount_minor)::bigint AS amount_minor
        FROM payments_posting p JOIN payments_ledgeraccount l ON l.id = p.account_id
        WHERE l.owner_id IS NOT NULL GROUP BY 1
    ) s WHERE a.id = s.account_id
    """,
    """
    UPDATE payments_charge c SET repaid_minor = s.amount_minor
    FROM (
        SELECT charge_id, sum(amount_minor)::bigint AS amount_minor
        FROM payments_repayment WHERE status NOT IN ('failed', 'cancelled') GROUP BY 1
    ) s WHERE c.id = s.charge_id
    """,
)
"""Of copydesk/payments/migrations: ledger.sql and charges.sql."""

CHECKS = {
    "every transfer sums to zero, has its lines and one currency": """
        SELECT t.id FROM payments_transfer t
        LEFT JOIN payments_posting p ON p.transfer_id = t.id
        LEFT JOIN payments_ledgeraccount a ON a.id = p.account_id
        GROUP BY t.id
        HAVING count(p.id) <> t.lines OR coalesce(sum(p.amount_minor), 0) <> 0
            OR NOT coalesce(bool_and(a.currency = t.currency AND a.website_id = t.website_id), false)
    """,
    "every balance is the sum of its postings, and no wallet is below zero": """
        SELECT a.id FROM payments_ledgeraccount a LEFT JOIN payments_posting p ON p.account_id = a.id
        WHERE a.owner_id IS NOT NULL GROUP BY a.id
        HAVING a.balance_minor <> coalesce(sum(p.amount_minor), 0) OR (a.kind = 'wallet' AND a.balance_minor < 0)
    """,
    "every price is the sum of its lines": """
        SELECT o.id FROM orders_order o LEFT JOIN orders_priceline l ON l.order_id = o.id
        GROUP BY o.id HAVING o.price_minor <> coalesce(sum(l.amount_minor), 0)
    """,
    "every paid order has been paid its price, a cancelled one what it forfeits, less its refunds since": """
        SELECT o.id FROM orders_order o LEFT JOIN payments_charge c ON c.reference_type = 'order'
            AND c.reference_id = o.id AND c.status = 'captured' AND c.purpose IN ('order', 'adjustment')
        LEFT JOIN (
            SELECT r.order_id, sum(p.amount_minor) AS refunded FROM refunds_refund r
            JOIN orders_order o ON o.id = r.order_id AND (o.cancelled_at IS NULL OR r.requested_at > o.cancelled_at)
                AND r.ground NOT IN ('dispute', 'settlement')
            JOIN refunds_refundpart l ON l.refund_id = r.id
            JOIN payments_repayment p ON p.id = l.repayment_id AND p.status NOT IN ('failed', 'cancelled') GROUP BY 1
        ) r ON r.order_id = o.id
        WHERE o.paid_at IS NOT NULL GROUP BY o.id, r.refunded
        HAVING coalesce(sum(c.amount_minor - c.repaid_minor), 0) + coalesce(r.refunded, 0)
            <> CASE o.status WHEN 'cancelled' THEN o.forfeited_minor ELSE o.price_minor END
    """,
    "every refund is the sum of its parts, and where it stands is where they stand": """
        SELECT r.id FROM refunds_refund r LEFT JOIN refunds_refundpart l ON l.refund_id = r.id
        LEFT JOIN payments_repayment p ON p.id = l.repayment_id GROUP BY r.id
        HAVING coalesce(sum(p.amount_minor), 0) <> r.amount_minor OR NOT bool_and(CASE r.status
            WHEN 'succeeded' THEN p.status = 'succeeded' WHEN 'failed' THEN p.status IN ('succeeded', 'failed')
            WHEN 'executing' THEN p.status IN ('succeeded', 'executing')
            WHEN 'requested' THEN p.status = 'planned' WHEN 'approved' THEN p.status = 'planned'
            ELSE p.status = CASE WHEN r.failed_at IS NULL THEN 'cancelled' ELSE 'failed' END END)
    """,
    "a website's receipts of refunds are numbered to its last": """
        SELECT w.id FROM tenancy_website w LEFT JOIN refunds_refund r ON r.website_id = w.id
        GROUP BY w.id HAVING count(r.receipt_number) <> w.last_refund_receipt
            OR coalesce(max(r.receipt_number), 0) <> w.last_refund_receipt
    """,
    "every fine is what was kept of it, less what was waived": """
        SELECT f.id FROM fines_fine f
        LEFT JOIN payments_earning e ON e.reference_type = 'fine' AND e.reference_id = f.id
        GROUP BY f.id
        HAVING -coalesce(sum(e.amount_minor), 0) <> CASE
            WHEN f.issued_at IS NULL OR f.status = 'voided' THEN 0 ELSE f.amount_minor - f.waived_minor END
    """,
    "every pay has fallen as money of its order went back, goodwill apart": """
        SELECT e.id FROM payments_earning e
        JOIN orders_order o ON e.reference_type = 'order' AND o.id = e.reference_id
        JOIN (
            SELECT c.reference_id, sum(c.amount_minor) - coalesce(sum(back.agreed), 0) AS paid,
                   coalesce(sum(back.asked), 0) - coalesce(sum(back.owed), 0) AS gone,
                   coalesce(sum(back.ended), 0) AS ended,
                   least(coalesce(sum(back.later), 0), coalesce(sum(back.unended), 0)) AS instead
            FROM payments_charge c JOIN orders_order o ON o.id = c.reference_id
            LEFT JOIN LATERAL (
                SELECT sum(p.amount_minor) FILTER (WHERE NOT kind.asked AND NOT kind.ended) AS agreed,
                       sum(p.amount_minor) FILTER (WHERE p.status = 'succeeded' AND kind.asked
                           AND r.ground NOT IN ('goodwill', 'dispute')) AS asked,
                       sum(p.amount_minor) FILTER (WHERE p.status IN ('executing', 'failed') AND NOT kind.asked
                           AND NOT (kind.ended AND o.cancel_cause IN ('client', 'writer'))) AS owed,
                       sum(p.amount_minor) FILTER (WHERE p.status = 'succeeded' AND (r.ground = 'dispute'
                           OR kind.ended AND o.cancel_cause IN ('client', 'writer'))) AS ended,
                       sum(p.amount_minor) FILTER (WHERE p.status = 'succeeded' AND kind.asked
                           AND r.ground NOT IN ('goodwill', 'dispute') AND p.created_at >= o.cancelled_at) AS later,
                       sum(p.amount_minor) FILTER (WHERE p.status IN ('executing', 'failed') AND (r.ground = 'dispute'
                           OR kind.ended AND o.cancel_cause IN ('client', 'writer'))) AS unended
                FROM payments_repayment p
                LEFT JOIN refunds_refundpart l ON l.repayment_id = p.id LEFT JOIN refunds_refund r ON r.id = l.refund_id
                CROSS JOIN LATERAL (
                    SELECT coalesce(r.ground, 'settlement') <> 'settlement' AS asked, coalesce(
                        coalesce(r.ground, 'settlement') = 'settlement' AND c.captured_at <= o.cancelled_at
                        AND p.created_at >= o.cancelled_at, false) AS ended
                ) kind
                WHERE p.charge_id = c.id
            ) back ON true
            WHERE c.reference_type = 'order' AND c.status = 'captured' AND c.purpose IN ('order', 'adjustment')
            GROUP BY 1
        ) m ON m.reference_id = e.reference_id
        LEFT JOIN (
            SELECT reduces_id, -sum(amount_minor) FILTER (WHERE key LIKE 'refunds:%') AS lowered,
                   -sum(amount_minor) FILTER (WHERE key NOT LIKE 'refunds:%') AS otherwise
            FROM payments_earning WHERE kind = 'reduction' GROUP BY 1
        ) d ON d.reduces_id = e.id
        CROSS JOIN LATERAL (SELECT coalesce(o.writer_id, (
            SELECT a.writer_id FROM orders_assignment a WHERE a.order_id = o.id ORDER BY a.id DESC LIMIT 1
        )) AS last) had
        CROSS JOIN LATERAL (SELECT coalesce(d.lowered, 0) - round(
            (e.amount_minor - coalesce(d.otherwise, 0))
            * least(greatest(m.gone + CASE WHEN e.writer_id = had.last THEN m.ended ELSE -m.instead END, 0), m.paid)
            / m.paid
        ) AS much) too
        WHERE e.kind = 'pay' AND m.paid > 0 AND abs(too.much) > CASE WHEN d.otherwise > 0 THEN 1 ELSE 0 END
    """,
    "sales, tips, refunds, pay, fines and payouts of a website are what its charges, earnings and payouts say": """
        SELECT w.id FROM tenancy_website w
        LEFT JOIN (
            SELECT p.website_id, sum(p.amount_minor) FILTER (WHERE a.kind = 'sales') AS sales,
                   sum(p.amount_minor) FILTER (WHERE a.kind = 'tips') AS tips,
                   sum(p.amount_minor) FILTER (WHERE a.kind = 'refunds') AS refunds,
                   sum(p.amount_minor) FILTER (WHERE a.kind = 'writer_cost') AS writer_cost,
                   sum(p.amount_minor) FILTER (WHERE a.kind = 'fines') AS fines,
                   sum(p.amount_minor) FILTER (WHERE a.kind = 'payouts') AS payouts
            FROM payments_posting p JOIN payments_ledgeraccount a ON a.id = p.account_id GROUP BY 1
        ) booked ON booked.website_id = w.id
        LEFT JOIN (
            SELECT website_id, sum(amount_minor) FILTER (WHERE purpose IN ('order', 'adjustment')) AS sales,
                   sum(amount_minor) FILTER (WHERE purpose = 'tip') AS tips
            FROM payments_charge WHERE status = 'captured' GROUP BY 1
        ) charged ON charged.website_id = w.id
        LEFT JOIN (
            SELECT website_id, sum(amount_minor) FILTER (WHERE kind NOT IN ('tip', 'fine', 'waiver')) AS pay,
                   sum(amount_minor) FILTER (WHERE kind IN ('fine', 'waiver')) AS fines,
                   sum(amount_minor) FILTER (WHERE kind = 'tip') AS tips
            FROM payments_earning GROUP BY 1
        ) earned ON earned.website_id = w.id
        LEFT JOIN (
            SELECT website_id, sum(amount_minor) AS repaid FROM payments_repayment WHERE status = 'succeeded' GROUP BY 1
        ) back ON back.website_id = w.id
        LEFT JOIN (
            SELECT website_id, sum(total_minor) AS paid FROM payments_payout WHERE status = 'paid' GROUP BY 1
        ) payout ON payout.website_id = w.id
        WHERE coalesce(booked.sales, 0) <> coalesce(charged.sales, 0)
           OR coalesce(booked.tips, 0) <> coalesce(charged.tips, 0) - coalesce(earned.tips, 0)
           OR coalesce(booked.writer_cost, 0) <> -coalesce(earned.pay, 0)
           OR coalesce(booked.fines, 0) <> -coalesce(earned.fines, 0)
           OR coalesce(booked.refunds, 0) <> -coalesce(back.repaid, 0)
           OR coalesce(booked.payouts, 0) <> coalesce(payout.paid, 0)
    """,
    "every payout is the sum of its lines, none twice": """
        SELECT s.id FROM payments_payoutstatement s
        LEFT JOIN payments_payoutline l ON l.statement_id = s.id LEFT JOIN payments_earning e ON e.id = l.earning_id
        GROUP BY s.id HAVING coalesce(sum(e.amount_minor), 0) <> s.amount_minor OR bool_or(e.writer_id <> s.writer_id)
        UNION ALL
        SELECT p.id FROM payments_payout p LEFT JOIN payments_payoutstatement s ON s.payout_id = p.id
        GROUP BY p.id HAVING coalesce(sum(s.amount_minor), 0) <> p.total_minor
        UNION ALL
        SELECT l.earning_id FROM payments_payoutline l
        JOIN payments_payoutstatement s ON s.id = l.statement_id
        JOIN payments_payout p ON p.id = s.payout_id AND p.status <> 'cancelled'
        GROUP BY 1 HAVING count(*) > 1
    """,
    "every order in editing has one open task, and no other has one": """
        SELECT o.id FROM orders_order o
        FULL JOIN (SELECT order_id, count(*) AS n FROM editing_editingtask WHERE status <> 'closed' GROUP BY 1) t
            ON t.order_id = o.id
        WHERE (o.status = 'editing' AND t.n IS DISTINCT FROM 1) OR (o.status <> 'editing' AND t.n IS NOT NULL)
    """,
    "every verdict that was applied is that of a review": """
        SELECT t.id FROM editing_editingtask t LEFT JOIN editing_editingreview r ON r.task_id = t.id
        WHERE t.outcome IN ('approved', 'returned')
          AND (r.verdict IS DISTINCT FROM CASE t.outcome WHEN 'approved' THEN 'approve' ELSE 'return' END)
    """,
    "a website's tickets are numbered to its last": """
        SELECT w.id FROM tenancy_website w LEFT JOIN tickets_ticket t ON t.website_id = w.id
        GROUP BY w.id HAVING count(t.id) <> w.last_ticket_number OR coalesce(max(t.number), 0) <> w.last_ticket_number
    """,
    "every ticket was opened once, with a message": """
        SELECT t.id FROM tickets_ticket t
        LEFT JOIN (
            SELECT subject_id, count(*) AS n, min(at) AS at FROM journal_event WHERE verb = 'ticket.open' GROUP BY 1
        ) e ON e.subject_id = t.id
        LEFT JOIN (SELECT ticket_id, min(created_at) AS at FROM tickets_reply GROUP BY 1) r ON r.ticket_id = t.id
        WHERE e.n IS DISTINCT FROM 1 OR e.at <> t.opened_at OR r.at IS DISTINCT FROM t.opened_at
    """,
    "the last step of every ticket left it in the status that it has": """
        SELECT t.id FROM tickets_ticket t LEFT JOIN (
            SELECT DISTINCT ON (subject_id) subject_id, after FROM journal_event
            WHERE subject_type = 'ticket' AND after <> '' ORDER BY subject_id, id DESC
        ) e ON e.subject_id = t.id WHERE e.after IS DISTINCT FROM t.status
    """,
    "every reply and note has its event": """
        SELECT coalesce(said.ticket_id, e.subject_id) FROM (
            SELECT ticket_id, sum(r) AS replies, sum(n) AS notes FROM (
                SELECT ticket_id, 1 AS r, 0 AS n FROM tickets_reply
                UNION ALL SELECT ticket_id, 0, 1 FROM tickets_note
            ) one GROUP BY 1
        ) said FULL JOIN (
            SELECT subject_id, count(*) FILTER (WHERE verb IN ('ticket.open', 'ticket.reply')) AS replies,
                   count(*) FILTER (WHERE verb = 'ticket.note') AS notes
            FROM journal_event WHERE subject_type = 'ticket' GROUP BY 1
        ) e ON e.subject_id = said.ticket_id
        WHERE said.replies IS DISTINCT FROM e.replies OR said.notes IS DISTINCT FROM e.notes
    """,
    "every ticket has its two clocks, numbered next responses, and the times of those that run": """
        SELECT t.id FROM tickets_ticket t LEFT JOIN (
            SELECT ticket_id, count(*) FILTER (WHERE kind = 'first_response') AS first,
                   count(*) FILTER (WHERE kind = 'resolution') AS resolution,
                   count(*) FILTER (WHERE kind = 'next_response') AS next,
                   coalesce(max(number) FILTER (WHERE kind = 'next_response'), 0) AS last,
                   min(due_at) FILTER (WHERE met_at IS NULL AND paused_since IS NULL) AS due_at,
                   min(risk_at) FILTER (WHERE met_at IS NULL AND paused_since IS NULL) AS risk_at,
                   min(started_at) AS started_at,
                   bool_or(met_at IS NULL AND paused_since IS NULL) AS runs,
                   max(met_at) FILTER (WHERE kind = 'resolution') AS resolved_at,
                   max(met_at) FILTER (WHERE kind = 'first_response') AS answered_at,
                   bool_and(met) FILTER (WHERE kind = 'first_response') AS first_met,
                   count(*) FILTER (WHERE kind = 'next_response' AND met) AS next_met,
                   count(*) FILTER (WHERE kind = 'next_response' AND NOT met) AS next_breached,
                   bool_and(met) FILTER (WHERE kind = 'resolution') AS resolution_met
            FROM tickets_clock, LATERAL (
                SELECT CASE WHEN breached_at IS NOT NULL THEN false WHEN met_at IS NOT NULL THEN true END AS met
            ) outcome GROUP BY 1
        ) c ON c.ticket_id = t.id
        WHERE c.ticket_id IS NULL OR c.first <> 1 OR c.resolution <> 1 OR c.next <> c.last
           OR c.started_at <> t.opened_at OR c.due_at IS DISTINCT FROM t.due_at OR c.risk_at IS DISTINCT FROM t.risk_at
           OR (c.answered_at, c.first_met, c.next_met, c.next_breached, c.resolution_met) IS DISTINCT FROM
              (t.first_response_at, t.first_response_met, t.next_responses_met, t.next_responses_breached,
               t.resolution_met)
           OR c.runs <> (t.status IN ('new', 'open')) OR (t.status = 'resolved' AND c.resolved_at <> t.resolved_at)
    """,
    "every breach of a clock was told once, and no other": """
        SELECT coalesce(c.id, e.ticket_id) FROM (
            SELECT id, ticket_id, kind, number FROM tickets_clock WHERE breached_at IS NOT NULL
        ) c FULL JOIN (
            SELECT subject_id AS ticket_id, data->>'clock' AS kind, (data->>'number')::int AS number, count(*) AS n
            FROM journal_event WHERE verb = 'ticket.breach' GROUP BY 1, 2, 3
        ) e USING (ticket_id, kind, number) WHERE c.id IS NULL OR e.n IS DISTINCT FROM 1
    """,
    "a ticket stands on the level of its last escalation": """
        SELECT t.id FROM tickets_ticket t
        LEFT JOIN (SELECT ticket_id, max(level) AS level FROM tickets_escalation GROUP BY 1) e ON e.ticket_id = t.id
        WHERE t.escalation_level <> coalesce(e.level, 0)
    """,
    "the last event of every order left it in the status that it has": """
        SELECT o.id FROM orders_order o LEFT JOIN (
            SELECT DISTINCT ON (subject_id) subject_id, after FROM journal_event
            WHERE subject_type = 'order' ORDER BY subject_id, id DESC
        ) e ON e.subject_id = o.id WHERE e.after IS DISTINCT FROM o.status
    """,
    "each event of an order begins where the one before ended": """
        SELECT id FROM (
            SELECT id, before, lag(after, 1, '') OVER (PARTITION BY subject_id ORDER BY id) AS last
            FROM journal_event WHERE subject_type = 'order'
        ) e WHERE before <> last
    """,
    "the events of a website follow each other in time": """
        SELECT id FROM (
            SELECT id, at, lag(at) OVER (PARTITION BY website_id ORDER BY id) AS last FROM journal_event
        ) e WHERE at < last
    """,
}
"""What is said → a query of the rows that belie it."""


def count(database: Database) -> None:
    """While the triggers are off."""
    for statement in COUNTERS:
        database.execute(statement.encode())


def faults(connect: Connect) -> dict[str, int]:
    """How many rows belie what is said; nothing where the books balance."""

    def found(query: str) -> int:
        with connect() as database:
            for setting in BUILDING:
                database.execute(setting.encode())
            row = database.execute(f"SELECT count(*) FROM ({query}) wrong".encode()).fetchone()  # noqa: S608 — of CHECKS
            assert row is not None
            return int(row[0])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        counts = pool.map(found, CHECKS.values())
        return {said: number for said, number in zip(CHECKS, counts, strict=True) if number}
