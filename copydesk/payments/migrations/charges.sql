-- A charge and a repayment go through their statuses; what they are about never changes, and they are never removed.
CREATE FUNCTION freeze_money() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is kept as it is', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON payments_charge FOR EACH ROW EXECUTE FUNCTION freeze_money(
    'version', 'status', 'repaid_minor', 'provider_reference', 'code', 'captured_at', 'lookups', 'next_lookup_at');
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON payments_repayment FOR EACH ROW EXECUTE FUNCTION freeze_money(
    'version', 'status', 'provider_reference', 'code', 'succeeded_at', 'attempts', 'next_attempt_at');
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON payments_charge
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON payments_repayment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE DELETE, TRUNCATE ON payments_charge, payments_repayment FROM app;

-- Refundable = captured less repayments neither failed nor cancelled: the sum is kept here, and a CHECK of the charge bounds it.
CREATE FUNCTION count_repaid() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change bigint := CASE WHEN NEW.status IN ('failed', 'cancelled') THEN 0 ELSE NEW.amount_minor END;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status NOT IN ('failed', 'cancelled') THEN change := change - OLD.amount_minor; END IF;
    IF change <> 0 THEN
        UPDATE payments_charge SET repaid_minor = repaid_minor + change WHERE id = NEW.charge_id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER repaid AFTER INSERT OR UPDATE OF status ON payments_repayment
    FOR EACH ROW EXECUTE FUNCTION count_repaid();

CREATE FUNCTION guard_repaid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.repaid_minor <> (CASE WHEN TG_OP = 'INSERT' THEN 0 ELSE OLD.repaid_minor END) AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'what is repaid is the sum of repayments' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER repaid_by_repayments BEFORE INSERT OR UPDATE OF repaid_minor ON payments_charge
    FOR EACH ROW EXECUTE FUNCTION guard_repaid();
