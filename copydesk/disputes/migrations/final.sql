-- What a dispute is about never changes, a closed one not at all, and none is removed.
CREATE FUNCTION keep_dispute() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.closed_at IS NULL AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is kept as it is', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER final BEFORE UPDATE OR DELETE ON disputes_dispute FOR EACH ROW EXECUTE FUNCTION keep_dispute(
    'version', 'status', 'due_at', 'on_silence', 'reminders', 'verdict', 'remedy', 'refund_minor', 'pay_change_minor',
    'new_deadline', 'note', 'resolved_by_id', 'closed_at');
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON disputes_dispute
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE DELETE, TRUNCATE ON disputes_dispute FROM app;

-- A stage ends once.
CREATE FUNCTION keep_stage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.until IS NULL AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is kept as it is', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER final BEFORE UPDATE OR DELETE ON disputes_stage FOR EACH ROW EXECUTE FUNCTION keep_stage(
    'until', 'ended_by');
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON disputes_stage
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE DELETE, TRUNCATE ON disputes_stage FROM app;
