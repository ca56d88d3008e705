CREATE TABLE "audit_baselines" (
	"number" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_baselines_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"record" text NOT NULL,
	"facts" jsonb NOT NULL,
	"people" jsonb NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"seq" bigint DEFAULT 0 NOT NULL,
	"hash" text DEFAULT '' NOT NULL,
	"chain" smallint DEFAULT 1 NOT NULL,
	"salt" uuid,
	"personal" text
);
--> statement-breakpoint
ALTER TABLE "history" ADD COLUMN "chain" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "history" ADD COLUMN "salt" uuid;--> statement-breakpoint
ALTER TABLE "history" ADD COLUMN "personal" text;--> statement-breakpoint
ALTER TABLE "history" ADD COLUMN "covers" jsonb;--> statement-breakpoint
ALTER TABLE "application_history" ADD COLUMN "chain" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "application_history" ADD COLUMN "salt" uuid;--> statement-breakpoint
ALTER TABLE "application_history" ADD COLUMN "personal" text;--> statement-breakpoint
ALTER TABLE "application_history" ADD COLUMN "covers" jsonb;--> statement-breakpoint
ALTER TABLE "service_changes" ADD COLUMN "chain" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "service_changes" ADD COLUMN "salt" uuid;--> statement-breakpoint
ALTER TABLE "service_changes" ADD COLUMN "personal" text;--> statement-breakpoint
ALTER TABLE "service_changes" ADD COLUMN "covers" jsonb;--> statement-breakpoint
ALTER TABLE "access_history" ADD COLUMN "chain" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "access_history" ADD COLUMN "salt" uuid;--> statement-breakpoint
ALTER TABLE "access_history" ADD COLUMN "personal" text;--> statement-breakpoint
CREATE UNIQUE INDEX "audit_baselines_by_seq" ON "audit_baselines" USING btree ("seq");--> statement-breakpoint
CREATE FUNCTION audit_digest(fields jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT encode(sha256(convert_to(fields::text, 'UTF8')), 'hex')
$$;
--> statement-breakpoint
-- In UTC, whatever the session's settings are.
CREATE FUNCTION audit_time(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
--> statement-breakpoint
-- What the hash of an event is over, as JSON, so that no two events read the same. In form 1: `audit_fields`. In form 2:
-- `audit_rest`, and a salted digest of `audit_people`, the columns that name people or hold what they wrote.
-- src/db/audit-log/hash-chain.ts computes both forms by itself.
CREATE FUNCTION audit_fields(event history) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(event.registration_id, event.version, event.actor, event.action, event.from_status,
    event.to_status, event.reason, audit_time(event.at))
$$;
--> statement-breakpoint
CREATE FUNCTION audit_rest(event history) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array('registration', event.registration_id, event.version, event.action, event.from_status,
    event.to_status, event.covers, audit_time(event.at))
$$;
--> statement-breakpoint
CREATE FUNCTION audit_people(event history) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(event.actor, event.reason)
$$;
--> statement-breakpoint
CREATE FUNCTION audit_fields(event application_history) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array('application', event.application_id, event.version, event.actor, event.action, event.name,
    event.added, event.removed, audit_time(event.at))
$$;
--> statement-breakpoint
CREATE FUNCTION audit_rest(event application_history) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array('application', event.application_id, event.version, event.action, event.name, event.covers,
    audit_time(event.at))
$$;
--> statement-breakpoint
CREATE FUNCTION audit_people(event application_history) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(event.actor, event.added, event.removed)
$$;
--> statement-breakpoint
CREATE FUNCTION audit_fields(event service_changes) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array('service', event.service_id, event.version, event.actor, event.before, event.after,
    audit_time(event.at))
$$;
--> statement-breakpoint
CREATE FUNCTION audit_rest(event service_changes) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array('service', event.service_id, event.version, event.before - 'approvers',
    event.after - 'approvers', event.covers, audit_time(event.at))
$$;
--> statement-breakpoint
CREATE FUNCTION audit_people(event service_changes) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(event.actor, event.before -> 'approvers', event.after -> 'approvers')
$$;
--> statement-breakpoint
CREATE FUNCTION audit_fields(event access_history) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array('access', event.application_id, event.version, event.actor, event.action, event.gateway,
    event.subject, audit_time(event.at))
$$;
--> statement-breakpoint
CREATE FUNCTION audit_rest(event access_history) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array('access', event.application_id, event.version, event.action, event.gateway, event.subject,
    audit_time(event.at))
$$;
--> statement-breakpoint
CREATE FUNCTION audit_people(event access_history) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(event.actor)
$$;
--> statement-breakpoint
CREATE FUNCTION audit_rest(event audit_baselines) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array('baseline', event.number, event.record, event.facts, audit_time(event.at))
$$;
--> statement-breakpoint
CREATE FUNCTION audit_people(event audit_baselines) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(event.people)
$$;
--> statement-breakpoint
CREATE FUNCTION audit_form_2(rest jsonb, personal text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_array(2) || rest || jsonb_build_array(personal)
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION history_hash(previous text, event history) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT audit_digest(jsonb_build_array(previous, event.seq) || CASE event.chain
    WHEN 1 THEN audit_fields(event) ELSE audit_form_2(audit_rest(event), event.personal) END)
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION history_hash(previous text, event application_history) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT audit_digest(jsonb_build_array(previous, event.seq) || CASE event.chain
    WHEN 1 THEN audit_fields(event) ELSE audit_form_2(audit_rest(event), event.personal) END)
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION history_hash(previous text, event service_changes) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT audit_digest(jsonb_build_array(previous, event.seq) || CASE event.chain
    WHEN 1 THEN audit_fields(event) ELSE audit_form_2(audit_rest(event), event.personal) END)
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION history_hash(previous text, event access_history) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT audit_digest(jsonb_build_array(previous, event.seq) || CASE event.chain
    WHEN 1 THEN audit_fields(event) ELSE audit_form_2(audit_rest(event), event.personal) END)
$$;
--> statement-breakpoint
CREATE FUNCTION history_hash(previous text, event audit_baselines) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT audit_digest(jsonb_build_array(previous, event.seq) || audit_form_2(audit_rest(event), event.personal))
$$;
--> statement-breakpoint
-- Every insert is chained in form 2, also those of replicas from before it.
CREATE OR REPLACE FUNCTION chain_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.seq := current_setting('registrar.history_seq')::bigint + 1;
  NEW.chain := 2;
  NEW.salt := gen_random_uuid();
  NEW.personal := audit_digest(jsonb_build_array(NEW.salt) || audit_people(NEW));
  NEW.hash := history_hash(current_setting('registrar.history_hash'), NEW);
  PERFORM set_config('registrar.history_seq', NEW.seq::text, true), set_config('registrar.history_hash', NEW.hash, true);
  RETURN NEW;
END
$$;
--> statement-breakpoint
-- Triggers of one event fire in the order of their names: these come before the chaining ones.
CREATE FUNCTION history_covers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT r.service_id, jsonb_build_object('service', r.service_id, 'application', r.application_id, 'publicId', r.public_id)
    INTO NEW.service_id, NEW.covers FROM registrations r WHERE r.id = NEW.registration_id;
  NEW.service_id := coalesce(NEW.service_id, 0);
  RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE FUNCTION application_history_covers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.covers := (SELECT jsonb_build_object('publicId', public_id) FROM applications WHERE id = NEW.application_id);
  RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE FUNCTION service_changes_cover() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.covers := (SELECT jsonb_build_object('publicId', public_id) FROM services WHERE id = NEW.service_id);
  RETURN NEW;
END
$$;
--> statement-breakpoint
DROP TRIGGER history_names_service ON history;
--> statement-breakpoint
DROP FUNCTION history_names_service();
--> statement-breakpoint
CREATE TRIGGER history_adds_covers BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION history_covers();
--> statement-breakpoint
CREATE TRIGGER application_history_adds_covers BEFORE INSERT ON application_history
  FOR EACH ROW EXECUTE FUNCTION application_history_covers();
--> statement-breakpoint
CREATE TRIGGER service_changes_add_covers BEFORE INSERT ON service_changes
  FOR EACH ROW EXECUTE FUNCTION service_changes_cover();
--> statement-breakpoint
CREATE TRIGGER audit_baselines_take_head BEFORE INSERT ON audit_baselines
  FOR EACH STATEMENT EXECUTE FUNCTION take_history_head();
--> statement-breakpoint
CREATE TRIGGER audit_baselines_are_chained BEFORE INSERT ON audit_baselines
  FOR EACH ROW EXECUTE FUNCTION chain_history();
--> statement-breakpoint
CREATE TRIGGER audit_baselines_move_head AFTER INSERT ON audit_baselines
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION move_history_head();
--> statement-breakpoint
-- What is there already gets a beginning that vouches for the columns that its events do not: hundreds in one event, because
-- events are chained one by one.
INSERT INTO audit_baselines (record, facts, people, at)
  SELECT 'registration', jsonb_object_agg(id, jsonb_build_object(
      'service', service_id, 'application', application_id, 'publicId', public_id)),
    jsonb_object_agg(id, owners_at_request), now()
  FROM (SELECT *, (row_number() OVER (ORDER BY id) - 1) / 500 AS batch FROM registrations) r GROUP BY batch ORDER BY batch;
--> statement-breakpoint
INSERT INTO audit_baselines (record, facts, people, at)
  SELECT 'application', jsonb_object_agg(id, jsonb_build_object('publicId', public_id)), '{}', now()
  FROM (SELECT *, (row_number() OVER (ORDER BY id) - 1) / 500 AS batch FROM applications) a GROUP BY batch ORDER BY batch;
--> statement-breakpoint
-- Services of before there were records have no other beginning: theirs is whole.
INSERT INTO audit_baselines (record, facts, people, at)
  SELECT 'service', jsonb_object_agg(id, jsonb_build_object(
      'publicId', public_id, 'version', version, 'slug', slug, 'name', name, 'description', description, 'docs', docs,
      'registrationEnabled', registration_enabled, 'autoApprove', auto_approve, 'channel', channel, 'access', access,
      'managedBy', managed_by, 'retired', retired_at IS NOT NULL, 'retiredAt', audit_time(retired_at))),
    jsonb_object_agg(id, approvers), now()
  FROM (SELECT *, (row_number() OVER (ORDER BY id) - 1) / 500 AS batch FROM services) s GROUP BY batch ORDER BY batch;
--> statement-breakpoint
CREATE TRIGGER audit_baselines_are_append_only BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON audit_baselines
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
