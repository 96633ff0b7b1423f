"""What the machine of test_money_machine.py looks for in the books after each step."""

from __future__ import annotations

# One row a broken rule: what it is called and what broke it.
BROKEN = """
WITH transfers AS (
    SELECT t.id, t.lines, t.purpose, t.subject_type, t.subject_id, count(p.id) AS postings, sum(p.amount_minor) AS total
    FROM payments_transfer t LEFT JOIN payments_posting p ON p.transfer_id = t.id
    WHERE t.website_id = %(website)s GROUP BY t.id
),
paid AS (
    SELECT o.id, o.status, o.price_minor, o.forfeited_minor, o.completed_at,
           coalesce(sum(c.amount_minor - c.repaid_minor) FILTER (
               WHERE c.status = 'captured' AND c.purpose IN ('order', 'adjustment')), 0) AS kept
    FROM orders_order o
    LEFT JOIN payments_charge c ON c.reference_type = 'order' AND c.reference_id = o.id
    WHERE o.website_id = %(website)s GROUP BY o.id
),
refunded AS (
    SELECT o.id, coalesce(sum(p.amount_minor) FILTER (
               WHERE p.status NOT IN ('failed', 'cancelled') AND r.ground <> 'settlement'
                 AND (o.cancelled_at IS NULL OR r.requested_at > o.cancelled_at)), 0) AS since,
           coalesce(sum(p.amount_minor) FILTER (
               WHERE p.status NOT IN ('failed', 'cancelled') AND r.ground = 'goodwill'), 0) AS given
    FROM orders_order o
    LEFT JOIN refunds_refund r ON r.order_id = o.id
    LEFT JOIN refunds_refundpart l ON l.refund_id = r.id
    LEFT JOIN payments_repayment p ON p.id = l.repayment_id
    WHERE o.website_id = %(website)s GROUP BY o.id
),
owed AS (
    SELECT c.reference_id AS id, sum(p.amount_minor) AS owed FROM payments_repayment p
    JOIN payments_charge c ON c.id = p.charge_id AND c.reference_type = 'order'
    LEFT JOIN refunds_refundpart l ON l.repayment_id = p.id LEFT JOIN refunds_refund r ON r.id = l.refund_id
    WHERE p.website_id = %(website)s AND p.status = 'failed'
      AND coalesce(r.ground, 'settlement') IN ('settlement', 'dispute')
      AND c.purpose IN ('order', 'adjustment') GROUP BY 1
),
earned AS (
    SELECT e.reference_id, e.writer_id, count(*) FILTER (WHERE e.kind = 'pay') AS pays,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.kind IN ('pay', 'forfeit')), 0) AS amount,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.kind IN ('pay', 'forfeit', 'reduction')), 0) AS left
    FROM payments_earning e WHERE e.website_id = %(website)s GROUP BY 1, 2
),
money AS (
    SELECT c.reference_id AS id, (
               SELECT a.writer_id FROM orders_assignment a WHERE a.order_id = o.id ORDER BY a.id DESC LIMIT 1
           ) AS last,
           coalesce(sum(p.amount_minor) FILTER (
               WHERE p.status = 'succeeded' AND p.ended AND NOT p.present), 0) AS ended,
           least(coalesce(sum(p.amount_minor) FILTER (WHERE p.status = 'succeeded' AND p.asked AND p.since), 0),
                 coalesce(sum(p.amount_minor) FILTER (
                     WHERE p.status IN ('executing', 'failed') AND p.ended AND NOT p.present), 0)) AS instead,
           coalesce(sum(p.amount_minor) FILTER (WHERE p.status = 'succeeded' AND p.asked), 0)
           - coalesce(sum(p.amount_minor) FILTER (
               WHERE p.status IN ('executing', 'failed') AND (p.agreed OR p.present)), 0) AS lowering,
           (SELECT sum(amount_minor) FROM payments_charge
            WHERE website_id = %(website)s AND reference_type = 'order' AND reference_id = c.reference_id
              AND status = 'captured' AND purpose IN ('order', 'adjustment'))
           - coalesce(sum(p.amount_minor) FILTER (WHERE p.agreed), 0) AS paid
    FROM payments_charge c JOIN orders_order o ON o.id = c.reference_id
    CROSS JOIN LATERAL (
        SELECT p.amount_minor, p.status, a.ended OR coalesce(r.ground = 'dispute', false) AS ended,
               r.ground NOT IN ('settlement', 'goodwill', 'dispute') AS asked, p.created_at >= o.cancelled_at AS since,
               a.ended AND o.cancel_cause IN ('staff', 'system') AS present,
               coalesce(r.ground, 'settlement') = 'settlement' AND NOT a.ended AS agreed
        FROM payments_repayment p LEFT JOIN refunds_refundpart l ON l.repayment_id = p.id
        LEFT JOIN refunds_refund r ON r.id = l.refund_id
        CROSS JOIN LATERAL (SELECT coalesce(r.ground, 'settlement') = 'settlement' AND coalesce(
            c.captured_at <= o.cancelled_at AND p.created_at >= o.cancelled_at, false) AS ended) a
        WHERE p.charge_id = c.id
    ) p
    WHERE c.website_id = %(website)s AND c.reference_type = 'order' AND c.status = 'captured'
      AND c.purpose IN ('order', 'adjustment') GROUP BY 1, 2
)
SELECT 'a transfer does not balance', id FROM transfers WHERE total <> 0 OR postings <> lines
UNION ALL
SELECT 'a charge is captured twice, or its capture is not in the books', c.id FROM payments_charge c
    WHERE c.website_id = %(website)s AND (c.status = 'captured')::int <> (
        SELECT count(*) FROM transfers t
        WHERE t.purpose = 'capture' AND t.subject_type = 'charge' AND t.subject_id = c.id)
UNION ALL
SELECT 'a wallet is below zero', id FROM payments_ledgeraccount
    WHERE website_id = %(website)s AND kind = 'wallet' AND balance_minor < 0
UNION ALL
SELECT 'what is kept of an order is not its price', id FROM paid JOIN refunded USING (id) LEFT JOIN owed USING (id)
    WHERE kept + since - coalesce(owed, 0)
        <> CASE status WHEN 'unpaid' THEN 0 WHEN 'cancelled' THEN forfeited_minor ELSE price_minor END
UNION ALL
SELECT 'the price is not the sum of its lines', o.id FROM orders_order o WHERE o.website_id = %(website)s
    AND o.price_minor <> (SELECT sum(l.amount_minor) FROM orders_priceline l WHERE l.order_id = o.id)
UNION ALL
SELECT 'an order is paid by another charge than one captured of its own', o.id FROM orders_order o
    LEFT JOIN payments_charge c ON c.id = o.charge_id
    WHERE o.website_id = %(website)s AND o.status NOT IN ('unpaid', 'cancelled')
      AND (c.id IS NULL OR c.status <> 'captured' OR c.reference_id <> o.id OR c.purpose <> 'order')
UNION ALL
SELECT 'a refund is not the sum of its parts, or stands where they do not', r.id FROM refunds_refund r
    LEFT JOIN refunds_refundpart l ON l.refund_id = r.id LEFT JOIN payments_repayment p ON p.id = l.repayment_id
    WHERE r.website_id = %(website)s GROUP BY r.id
    HAVING coalesce(sum(p.amount_minor), 0) <> r.amount_minor
        OR (r.status = 'succeeded') <> (r.receipt_number IS NOT NULL)
        OR NOT bool_and(CASE WHEN r.status IN ('requested', 'approved') THEN p.status = 'planned'
                             WHEN r.status = 'cancelled' AND r.failed_at IS NOT NULL THEN p.status = 'failed'
                             WHEN r.status IN ('rejected', 'cancelled') THEN p.status = 'cancelled'
                             WHEN r.status = 'succeeded' THEN p.status = 'succeeded'
                             ELSE p.status IN ('executing', 'succeeded', 'failed') END)
UNION ALL
SELECT 'receipts of refunds have gaps', w.id FROM tenancy_website w LEFT JOIN refunds_refund r ON r.website_id = w.id
    WHERE w.id = %(website)s GROUP BY w.id
    HAVING count(r.receipt_number) <> w.last_refund_receipt
        OR coalesce(max(r.receipt_number), 0) <> w.last_refund_receipt
UNION ALL
SELECT 'more was given back than captured', c.id FROM payments_charge c
    WHERE c.website_id = %(website)s AND c.repaid_minor > c.amount_minor
UNION ALL
SELECT 'pay has not fallen as money went back', e.id FROM payments_earning e
    JOIN money m ON e.reference_type = 'order' AND m.id = e.reference_id
    LEFT JOIN (SELECT reduces_id, -sum(amount_minor) FILTER (WHERE key LIKE 'refunds:%%') AS lowered,
                      -sum(amount_minor) FILTER (WHERE key NOT LIKE 'refunds:%%') AS otherwise
               FROM payments_earning WHERE kind = 'reduction' GROUP BY 1) d ON d.reduces_id = e.id
    CROSS JOIN LATERAL (SELECT coalesce(d.lowered, 0) - round(
        (e.amount_minor - coalesce(d.otherwise, 0))
        * least(greatest(m.lowering + CASE WHEN e.writer_id = m.last THEN m.ended ELSE -m.instead END, 0), m.paid)
        / m.paid
    ) AS much) too
    WHERE e.kind = 'pay' AND m.paid > 0 AND abs(too.much) > CASE WHEN d.otherwise > 0 THEN 1 ELSE 0 END
UNION ALL
SELECT 'pay is earned twice', reference_id FROM earned WHERE pays > 1
UNION ALL
SELECT 'more is earned than was paid', reference_id FROM earned e JOIN paid p ON p.id = e.reference_id
    JOIN refunded r USING (id)
    WHERE e.amount > greatest(p.price_minor, p.kept) OR (p.status = 'cancelled' AND p.completed_at IS NULL
                                                         AND e.left > p.forfeited_minor + r.given)
UNION ALL
SELECT 'a tip is neither with the writer nor back with the client', c.id FROM payments_charge c
    WHERE c.website_id = %(website)s AND c.purpose = 'tip' AND c.status = 'captured'
      AND (SELECT count(*) FROM payments_earning e WHERE e.charge_id = c.id AND e.kind = 'tip')
          <> CASE c.repaid_minor WHEN 0 THEN 1 ELSE 0 END
UNION ALL
SELECT 'an earning stands in two payouts', l.earning_id FROM payments_payoutline l
    JOIN payments_payoutstatement s ON s.id = l.statement_id JOIN payments_payout p ON p.id = s.payout_id
    WHERE l.website_id = %(website)s AND p.status <> 'cancelled' GROUP BY l.earning_id HAVING count(*) > 1
UNION ALL
SELECT 'an account of earnings is not what was earned less what was paid out', a.id FROM payments_ledgeraccount a
    WHERE a.website_id = %(website)s AND a.kind = 'earnings' AND a.balance_minor <> (
        SELECT coalesce(sum(e.amount_minor), 0) FROM payments_earning e WHERE e.writer_id = a.owner_id) - (
        SELECT coalesce(sum(s.amount_minor), 0) FROM payments_payoutstatement s
        JOIN payments_payout p ON p.id = s.payout_id WHERE s.writer_id = a.owner_id AND p.status = 'paid')
"""

# What came through the provider by our books, and by its own.
OUTSIDE = """
SELECT (SELECT -coalesce(sum(p.amount_minor), 0) FROM payments_posting p JOIN payments_ledgeraccount a
        ON a.id = p.account_id WHERE a.website_id = %(website)s AND a.kind = 'money_in' AND a.name = 'sandbox'),
       (SELECT coalesce(sum(s.amount_minor), 0) FROM payments_sandboxpayment s
        WHERE (s.metadata ->> 'website')::bigint = %(website)s AND s.token NOT IN ('tok_declined'))
       - (SELECT coalesce(sum(r.amount_minor), 0) FROM payments_sandboxrefund r JOIN payments_sandboxpayment s
          ON s.key = r.payment_id WHERE (s.metadata ->> 'website')::bigint = %(website)s)
"""
