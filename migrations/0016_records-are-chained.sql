ALTER TABLE "application_history" ADD COLUMN "seq" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "application_history" ADD COLUMN "hash" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "service_changes" ADD COLUMN "seq" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "service_changes" ADD COLUMN "hash" text DEFAULT '' NOT NULL;--> statement-breakpoint
-- What a row's hash is over, as for history: the hash before it and the row, which begins with the name of its record.
CREATE FUNCTION history_hash(previous text, event application_history) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(jsonb_build_array(
    previous, event.seq, 'application', event.application_id, event.version, event.actor, event.action, event.name,
    event.added, event.removed, to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  )::text, 'UTF8')), 'hex')
$$;
--> statement-breakpoint
CREATE FUNCTION history_hash(previous text, event service_changes) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(jsonb_build_array(
    previous, event.seq, 'service', event.service_id, event.version, event.actor, event.before, event.after,
    to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  )::text, 'UTF8')), 'hex')
$$;
--> statement-breakpoint
ALTER TABLE application_history DISABLE TRIGGER application_history_is_append_only;
--> statement-breakpoint
ALTER TABLE service_changes DISABLE TRIGGER service_changes_are_append_only;
--> statement-breakpoint
-- What is there already goes to the end of the chain, in the order that it happened in: a head that was noted before still fits.
DO $$
DECLARE
  head history_head;
  event record;
  change service_changes;
  happened application_history;
BEGIN
  SELECT * INTO STRICT head FROM history_head FOR UPDATE;
  FOR event IN
    SELECT 'application' AS record, application_id AS id, version, at FROM application_history
    UNION ALL SELECT 'service', service_id, version, at FROM service_changes
    ORDER BY at, record, id, version
  LOOP
    head.seq := head.seq + 1;
    IF event.record = 'application' THEN
      SELECT * INTO STRICT happened FROM application_history WHERE application_id = event.id AND version = event.version;
      happened.seq := head.seq;
      head.hash := history_hash(head.hash, happened);
      UPDATE application_history SET seq = head.seq, hash = head.hash
        WHERE application_id = event.id AND version = event.version;
    ELSE
      SELECT * INTO STRICT change FROM service_changes WHERE service_id = event.id AND version = event.version;
      change.seq := head.seq;
      head.hash := history_hash(head.hash, change);
      UPDATE service_changes SET seq = head.seq, hash = head.hash
        WHERE service_id = event.id AND version = event.version;
    END IF;
  END LOOP;
  UPDATE history_head SET seq = head.seq, hash = head.hash;
END
$$;
--> statement-breakpoint
ALTER TABLE application_history ENABLE TRIGGER application_history_is_append_only;
--> statement-breakpoint
ALTER TABLE service_changes ENABLE TRIGGER service_changes_are_append_only;
--> statement-breakpoint
CREATE UNIQUE INDEX "application_history_by_seq" ON "application_history" USING btree ("seq");--> statement-breakpoint
CREATE UNIQUE INDEX "service_changes_by_seq" ON "service_changes" USING btree ("seq");
--> statement-breakpoint
-- The functions are those of history: the three records share one chain and its head.
CREATE TRIGGER application_history_takes_head BEFORE INSERT ON application_history
  FOR EACH STATEMENT EXECUTE FUNCTION take_history_head();
--> statement-breakpoint
CREATE TRIGGER application_history_is_chained BEFORE INSERT ON application_history
  FOR EACH ROW EXECUTE FUNCTION chain_history();
--> statement-breakpoint
CREATE TRIGGER application_history_moves_head AFTER INSERT ON application_history
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION move_history_head();
--> statement-breakpoint
CREATE TRIGGER service_changes_take_head BEFORE INSERT ON service_changes
  FOR EACH STATEMENT EXECUTE FUNCTION take_history_head();
--> statement-breakpoint
CREATE TRIGGER service_changes_are_chained BEFORE INSERT ON service_changes
  FOR EACH ROW EXECUTE FUNCTION chain_history();
--> statement-breakpoint
CREATE TRIGGER service_changes_move_head AFTER INSERT ON service_changes
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION move_history_head();
