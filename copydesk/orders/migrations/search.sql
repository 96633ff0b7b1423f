-- Text search is not leakproof: under the policies no index would serve it. So it runs as the owner, and reads the website
-- from the setting itself; the query around it narrows to what the caller may see.
CREATE INDEX order_topic_words ON orders_order USING gin (to_tsvector('simple', topic));

CREATE OR REPLACE FUNCTION search_orders(words text) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM orders_order
    WHERE website_id = nullif(current_setting('app.website_id', true), '')::bigint
      AND to_tsvector('simple', topic) @@ (
          SELECT string_agg(quote_literal(lexeme) || ':*', ' & ')::tsquery FROM unnest(to_tsvector('simple', words)))
    UNION
    SELECT id FROM orders_order
    WHERE website_id = nullif(current_setting('app.website_id', true), '')::bigint
      AND number = CASE WHEN words ~ '^\s*#?[0-9]{1,9}\s*$' THEN trim(both ' #' FROM words)::integer END
$$;
