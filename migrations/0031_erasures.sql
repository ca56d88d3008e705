CREATE TABLE "erasures" (
	"number" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "erasures_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"mark" text NOT NULL,
	"actor" text,
	"events" jsonb NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"seq" bigint DEFAULT 0 NOT NULL,
	"hash" text DEFAULT '' NOT NULL,
	"chain" smallint DEFAULT 1 NOT NULL,
	"salt" uuid,
	"personal" text
);
--> statement-breakpoint
CREATE UNIQUE INDEX "erasures_by_seq" ON "erasures" USING btree ("seq");--> statement-breakpoint
CREATE FUNCTION audit_rest(event erasures) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array('erasure', event.number, event.mark, event.events, audit_time(event.at))
$$;
--> statement-breakpoint
CREATE FUNCTION audit_people(event erasures) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(event.actor)
$$;
--> statement-breakpoint
CREATE FUNCTION history_hash(previous text, event erasures) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT audit_digest(jsonb_build_array(previous, event.seq) || audit_form_2(audit_rest(event), event.personal))
$$;
--> statement-breakpoint
-- Baselines and erasures have no events in form 1.
CREATE FUNCTION audit_fields(event audit_baselines) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT NULL::jsonb
$$;
--> statement-breakpoint
CREATE FUNCTION audit_fields(event erasures) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT NULL::jsonb
$$;
--> statement-breakpoint
CREATE TRIGGER erasures_take_head BEFORE INSERT ON erasures FOR EACH STATEMENT EXECUTE FUNCTION take_history_head();
--> statement-breakpoint
CREATE TRIGGER erasures_are_chained BEFORE INSERT ON erasures FOR EACH ROW EXECUTE FUNCTION chain_history();
--> statement-breakpoint
CREATE TRIGGER erasures_move_head AFTER INSERT ON erasures
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION move_history_head();
--> statement-breakpoint
-- Whether nothing differs but texts that became the mark of an erased id, or of an erased text.
CREATE FUNCTION audit_only_erases(old jsonb, new jsonb, mark text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(bool_and(CASE jsonb_typeof(was.value)
      WHEN 'array' THEN jsonb_typeof(now.value) = 'array'
      WHEN 'object' THEN jsonb_typeof(now.value) = 'object'
      WHEN 'string' THEN now.value IN (was.value, to_jsonb(mark), '"(erased)"')
      ELSE now.value = was.value END), false) AND count(was.place) = count(now.place)
  FROM jsonb_path_query(old, 'strict $.**') WITH ORDINALITY was(value, place)
  FULL JOIN jsonb_path_query(new, 'strict $.**') WITH ORDINALITY now(value, place) USING (place)
$$;
--> statement-breakpoint
-- An event changes in one way: as the erasure that the transaction names says, in the columns that name people (the trigger's
-- arguments). That erasure is an event itself.
CREATE FUNCTION allow_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  named erasures;
BEGIN
  SELECT * INTO named FROM erasures
    WHERE number = nullif(current_setting('registrar.erasure', true), '')::bigint AND events ? NEW.seq::text;
  IF named.number IS NOT NULL
    AND to_jsonb(NEW) - 'salt' - TG_ARGV = to_jsonb(OLD) - 'salt' - TG_ARGV
    AND audit_rest(NEW) = audit_rest(OLD)
    AND audit_only_erases(audit_people(OLD), audit_people(NEW), named.mark)
    AND named.events ->> NEW.seq::text = audit_digest(jsonb_build_array(NEW.salt) ||
      CASE NEW.chain WHEN 1 THEN audit_fields(NEW) ELSE audit_people(NEW) END)
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'history is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
--> statement-breakpoint
DROP TRIGGER history_is_append_only ON history;
--> statement-breakpoint
DROP TRIGGER application_history_is_append_only ON application_history;
--> statement-breakpoint
DROP TRIGGER service_changes_are_append_only ON service_changes;
--> statement-breakpoint
DROP TRIGGER access_history_is_append_only ON access_history;
--> statement-breakpoint
DROP TRIGGER audit_baselines_are_append_only ON audit_baselines;
--> statement-breakpoint
CREATE TRIGGER history_is_append_only BEFORE DELETE OR TRUNCATE ON history
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
--> statement-breakpoint
CREATE TRIGGER application_history_is_append_only BEFORE DELETE OR TRUNCATE ON application_history
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
--> statement-breakpoint
CREATE TRIGGER service_changes_are_append_only BEFORE DELETE OR TRUNCATE ON service_changes
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
--> statement-breakpoint
CREATE TRIGGER access_history_is_append_only BEFORE DELETE OR TRUNCATE ON access_history
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
--> statement-breakpoint
CREATE TRIGGER audit_baselines_are_append_only BEFORE INSERT OR DELETE OR TRUNCATE ON audit_baselines
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
--> statement-breakpoint
CREATE TRIGGER erasures_are_append_only BEFORE DELETE OR TRUNCATE ON erasures
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
--> statement-breakpoint
CREATE TRIGGER history_is_only_erased BEFORE UPDATE ON history
  FOR EACH ROW EXECUTE FUNCTION allow_erasure('actor', 'reason');
--> statement-breakpoint
CREATE TRIGGER application_history_is_only_erased BEFORE UPDATE ON application_history
  FOR EACH ROW EXECUTE FUNCTION allow_erasure('actor', 'added', 'removed');
--> statement-breakpoint
CREATE TRIGGER service_changes_are_only_erased BEFORE UPDATE ON service_changes
  FOR EACH ROW EXECUTE FUNCTION allow_erasure('actor', 'before', 'after');
--> statement-breakpoint
CREATE TRIGGER access_history_is_only_erased BEFORE UPDATE ON access_history
  FOR EACH ROW EXECUTE FUNCTION allow_erasure('actor');
--> statement-breakpoint
CREATE TRIGGER audit_baselines_are_only_erased BEFORE UPDATE ON audit_baselines
  FOR EACH ROW EXECUTE FUNCTION allow_erasure('people');
--> statement-breakpoint
CREATE TRIGGER erasures_are_only_erased BEFORE UPDATE ON erasures
  FOR EACH ROW EXECUTE FUNCTION allow_erasure('actor');
