-- Whose calendar a secret opens. Runs as the owner, because before it has answered no policy can let a feed be read; it
-- answers only for the hash that it is given.
CREATE OR REPLACE FUNCTION resolve_calendar_feed(secret_digest bytea)
RETURNS TABLE (
    writer_id bigint, user_id bigint,
    website_id bigint, slug text, name text, domain text, website_status text, currency text, timezone text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT f.writer_id, m.user_id, w.id, w.slug, w.name, w.domain, w.status, w.currency, w.timezone
    FROM writers_calendarfeed f
    JOIN accounts_membership m ON m.website_id = f.website_id AND m.id = f.writer_id
    JOIN accounts_user u ON u.id = m.user_id
    JOIN tenancy_website w ON w.id = f.website_id
    WHERE f.digest = secret_digest AND f.revoked_at IS NULL
      AND m.role = 'writer' AND m.status = 'active' AND m.admitted AND u.is_active AND w.status <> 'purged'
$$;
