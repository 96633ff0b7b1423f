-- One list of escalations: ids of both tables come from one sequence, so that an id means one row.
ALTER TABLE tickets_accountescalation ALTER COLUMN id DROP IDENTITY;
ALTER TABLE tickets_accountescalation ALTER COLUMN id SET DEFAULT nextval('tickets_escalation_id_seq');

CREATE VIEW tickets_anyescalation WITH (security_invoker = true) AS
SELECT id, website_id, 'ticket' AS kind, version, status, reason, escalated_by_id AS requested_by_id,
       escalated_at AS requested_at, acknowledged_at, NULL::timestamptz AS decided_at, resolved_at, ticket_id,
       level, rule, target_id, NULL::bigint AS member_id, '' AS measure, NULL::timestamptz AS until
FROM tickets_escalation
UNION ALL
SELECT id, website_id, 'account', version, status, reason, requested_by_id,
       requested_at, acknowledged_at, decided_at, resolved_at, ticket_id,
       NULL, '', NULL, member_id, measure, until
FROM tickets_accountescalation;
