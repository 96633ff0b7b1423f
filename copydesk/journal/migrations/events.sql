-- Events are only added. Reason, address and their salt alone may be blanked, when a person is erased; nothing may be
-- truncated.
CREATE OR REPLACE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND (NEW.reason IS NULL OR NEW.reason IS NOT DISTINCT FROM OLD.reason)
       AND (NEW.address IS NULL OR NEW.address IS NOT DISTINCT FROM OLD.address)
       AND (NEW.salt IS NULL OR NEW.salt IS NOT DISTINCT FROM OLD.salt)
       AND to_jsonb(NEW) - ARRAY['reason', 'address', 'salt'] = to_jsonb(OLD) - ARRAY['reason', 'address', 'salt'] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'journal_event is append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON journal_event
    FOR EACH ROW EXECUTE FUNCTION refuse_event_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON journal_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE DELETE, TRUNCATE ON journal_event FROM app;

-- Whoever listens learns the website; what happened is read from the table, in commit order.
CREATE OR REPLACE FUNCTION announce_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('events', website_id::text) FROM (SELECT DISTINCT website_id FROM added) websites;
    RETURN NULL;
END $$;

CREATE TRIGGER announce AFTER INSERT ON journal_event REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION announce_events();

ALTER TABLE journal_event SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
