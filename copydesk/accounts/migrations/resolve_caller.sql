-- Who calls, for which website, in which role. Runs as the owner, because before it has answered no policy can let a
-- membership be read. For a caller with a token, a website of which it is no member is as unknown as one that does not exist.
-- A superadmin stands above websites: a membership that the account has as well does not count.
CREATE OR REPLACE FUNCTION resolve_caller(token_digest bytea, website_slug text, website_host text, at timestamptz)
RETURNS TABLE (
    user_id bigint, token_id bigint, is_superadmin boolean, website_named boolean,
    website_id bigint, slug text, name text, domain text, website_status text,
    currency text, timezone text, requires_staff_totp boolean,
    membership_id bigint, role text, member_status text, has_totp boolean, admitted boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH caller AS (
        SELECT u.id, t.id AS token_id, u.is_superadmin,
               EXISTS (SELECT 1 FROM mfa_authenticator a WHERE a.user_id = u.id AND a.type = 'totp') AS has_totp
        FROM accounts_token t JOIN accounts_user u ON u.id = t.user_id
        WHERE t.digest = token_digest AND t.kind = 'access' AND t.expires_at > at AND u.is_active
    ), named AS (
        SELECT w.* FROM tenancy_website w
        WHERE w.slug = website_slug
           OR (website_slug IS NULL AND website_host <> '' AND lower(w.domain) = lower(website_host))
    ), only_membership AS (
        SELECT min(m.website_id) AS website_id
        FROM accounts_membership m JOIN caller c ON m.user_id = c.id
        JOIN tenancy_website w ON w.id = m.website_id AND w.status <> 'purged'
        WHERE website_slug IS NULL AND NOT EXISTS (SELECT 1 FROM named)
        HAVING count(*) = 1
    ), chosen AS (
        SELECT n.* FROM named n
        UNION ALL
        SELECT w.* FROM tenancy_website w JOIN only_membership o ON o.website_id = w.id
    )
    SELECT c.id, c.token_id, c.is_superadmin,
           website_slug IS NOT NULL OR EXISTS (SELECT 1 FROM named),
           w.id, w.slug, w.name, w.domain, w.status, w.currency, w.timezone, w.requires_staff_totp,
           m.id, coalesce(m.role, CASE WHEN c.is_superadmin THEN 'superadmin' END), m.status, c.has_totp, m.admitted
    FROM (SELECT 1) one
    LEFT JOIN caller c ON true
    LEFT JOIN chosen ch ON true
    LEFT JOIN accounts_membership m ON m.user_id = c.id AND m.website_id = ch.id AND NOT c.is_superadmin
    LEFT JOIN tenancy_website w ON w.id = ch.id AND w.status <> 'purged'
        AND (token_digest IS NULL OR c.id IS NULL OR m.id IS NOT NULL OR c.is_superadmin)
$$;

-- The memberships of one account over all websites: what login and me show.
CREATE OR REPLACE FUNCTION memberships_of(account_id bigint)
RETURNS TABLE (id bigint, website_id bigint, slug text, name text, role text, status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.id, w.id, w.slug, w.name, m.role, m.status
    FROM accounts_membership m JOIN tenancy_website w ON w.id = m.website_id
    WHERE m.user_id = account_id AND w.status <> 'purged'
    ORDER BY w.slug
$$;
