-- Statements and lines are written while their payout is prepared; an earning stands in one payout that is not cancelled.
CREATE FUNCTION guard_payout_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM payments_payout WHERE id = NEW.payout_id AND status = 'prepared') THEN
        RAISE EXCEPTION 'the payout is no longer being prepared' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER prepared BEFORE INSERT ON payments_payoutstatement
    FOR EACH ROW EXECUTE FUNCTION guard_payout_statement();

CREATE FUNCTION guard_payout_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM payments_payoutstatement s
      JOIN payments_payout p ON p.id = s.payout_id
      JOIN payments_earning e ON e.writer_id = s.writer_id
     WHERE s.id = NEW.statement_id AND e.id = NEW.earning_id AND p.status = 'prepared';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not a line of this payout' USING ERRCODE = 'restrict_violation';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('payout', NEW.website_id));
    IF EXISTS (SELECT 1 FROM payments_payoutline l
               JOIN payments_payoutstatement s ON s.id = l.statement_id JOIN payments_payout p ON p.id = s.payout_id
               WHERE l.earning_id = NEW.earning_id AND p.status <> 'cancelled') THEN
        RAISE EXCEPTION 'the earning stands in another payout' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER once BEFORE INSERT ON payments_payoutline FOR EACH ROW EXECUTE FUNCTION guard_payout_line();

-- A statement is the sum of its lines, a payout that of its statements, at commit.
CREATE FUNCTION check_payout() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM payments_payoutstatement s
               LEFT JOIN payments_payoutline l ON l.statement_id = s.id
               LEFT JOIN payments_earning e ON e.id = l.earning_id
               WHERE s.payout_id = NEW.id GROUP BY s.id HAVING coalesce(sum(e.amount_minor), 0) <> s.amount_minor)
       OR NEW.total_minor <> (SELECT coalesce(sum(amount_minor), 0) FROM payments_payoutstatement WHERE payout_id = NEW.id)
    THEN
        RAISE EXCEPTION 'payout % is not the sum of its lines', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER summed AFTER INSERT OR UPDATE ON payments_payout
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_payout();

CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON payments_payout FOR EACH ROW EXECUTE FUNCTION freeze_money(
    'version', 'status', 'approved_by_id', 'paid_by_id', 'approved_at', 'paid_at', 'cancelled_at');
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON payments_payout
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE DELETE, TRUNCATE ON payments_payout FROM app;
