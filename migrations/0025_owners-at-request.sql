ALTER TABLE "registrations" ADD COLUMN "owners_at_request" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
-- Also what an older replica inserts meanwhile gets its owners: those that are there in the transaction of the request.
CREATE FUNCTION registrations_keep_owners() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.owners_at_request := ARRAY(SELECT user_id FROM application_owners WHERE application_id = NEW.application_id ORDER BY user_id);
  RETURN NEW;
END
$$;--> statement-breakpoint
CREATE TRIGGER registrations_keep_owners BEFORE INSERT ON registrations FOR EACH ROW EXECUTE FUNCTION registrations_keep_owners();--> statement-breakpoint
-- Of what was asked for before, the record of the application says who owned it then.
WITH moves AS (
  SELECT application_id, version, at, unnest(removed) AS person, false AS came FROM application_history
  UNION ALL SELECT application_id, version, at, unnest(added), true FROM application_history),
owned AS (
  SELECT DISTINCT ON (r.id, m.person) r.id, m.person, m.came FROM registrations r
  JOIN moves m ON m.application_id = r.application_id AND m.at <= r.requested_at
  WHERE r.status IN ('pending', 'approved', 'rejected', 'revoked')
  ORDER BY r.id, m.person, m.version DESC)
UPDATE registrations SET owners_at_request = kept.people
FROM (SELECT id, array_agg(person ORDER BY person) AS people FROM owned WHERE came GROUP BY id) AS kept
WHERE kept.id = registrations.id;
