-- As with orders: text search is not leakproof, so it runs as the owner and reads the website from the setting itself. What
-- the caller may see narrows the query around it. Notes are never searched: a hit would tell of them.
CREATE INDEX ticket_title_words ON tickets_ticket USING gin (to_tsvector('simple', title));
CREATE INDEX ticket_reply_words ON tickets_reply USING gin (to_tsvector('simple', body));

CREATE OR REPLACE FUNCTION search_tickets(words text) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH asked AS (
        SELECT nullif(current_setting('app.website_id', true), '')::bigint AS website_id,
               (SELECT string_agg(quote_literal(lexeme) || ':*', ' & ')::tsquery
                FROM unnest(to_tsvector('simple', words))) AS beginnings
    )
    SELECT t.id FROM tickets_ticket t, asked
    WHERE t.website_id = asked.website_id AND to_tsvector('simple', t.title) @@ asked.beginnings
    UNION
    SELECT coalesce(t.merged_into_id, t.id) FROM tickets_reply r JOIN tickets_ticket t ON t.id = r.ticket_id, asked
    WHERE r.website_id = asked.website_id AND to_tsvector('simple', r.body) @@ asked.beginnings
    UNION
    SELECT t.id FROM tickets_ticket t, asked
    WHERE t.website_id = asked.website_id
      AND t.number = CASE WHEN words ~ '^\s*#?[0-9]{1,9}\s*$' THEN trim(both ' #' FROM words)::integer END
$$;
