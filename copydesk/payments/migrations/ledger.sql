-- A transfer's postings sum to zero, are as many as it says (so none can be added later), and are all in its currency.
-- Checked at commit, as the owner: by then the transaction may have left the website's scope.
CREATE FUNCTION ledger_check_transfer() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    checked bigint;
    found record;
BEGIN
    IF TG_TABLE_NAME = 'payments_transfer' THEN checked := NEW.id; ELSE checked := NEW.transfer_id; END IF;
    SELECT t.lines, count(p.id) AS postings, coalesce(sum(p.amount_minor), 0) AS total,
           coalesce(bool_and(a.currency = t.currency), false) AS one_currency
      INTO found
      FROM payments_transfer t
      LEFT JOIN payments_posting p ON p.transfer_id = t.id
      LEFT JOIN payments_ledgeraccount a ON a.id = p.account_id
     WHERE t.id = checked GROUP BY t.id;
    IF found.postings <> found.lines OR found.total <> 0 OR NOT found.one_currency THEN
        RAISE EXCEPTION 'transfer % does not balance: % of % lines, sum %', checked, found.postings, found.lines, found.total
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON payments_transfer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_transfer();
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON payments_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_transfer();

-- Only accounts with an owner keep a balance, locked in the order of their ids.
CREATE FUNCTION ledger_keep_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM payments_ledgeraccount
      WHERE owner_id IS NOT NULL AND id IN (SELECT account_id FROM added) ORDER BY id FOR NO KEY UPDATE;
    UPDATE payments_ledgeraccount a SET balance_minor = a.balance_minor + s.amount_minor
      FROM (SELECT account_id, sum(amount_minor)::bigint AS amount_minor FROM added GROUP BY account_id) s
     WHERE a.id = s.account_id AND a.owner_id IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER balances AFTER INSERT ON payments_posting REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_balances();

-- An account begins empty, and nothing but a posting moves its balance.
CREATE FUNCTION ledger_guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND coalesce(NEW.balance_minor, 0) = 0 THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1
       AND to_jsonb(NEW) - 'balance_minor' = to_jsonb(OLD) - 'balance_minor' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a balance moves by postings only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER guarded BEFORE INSERT OR UPDATE OR DELETE ON payments_ledgeraccount
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_account();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON payments_ledgeraccount
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE DELETE, TRUNCATE ON payments_ledgeraccount FROM app;
