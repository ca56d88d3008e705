CREATE TABLE "history_head" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"seq" bigint NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "history_head_only" CHECK ("history_head"."only")
);
--> statement-breakpoint
ALTER TABLE "history" ADD COLUMN "seq" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "history" ADD COLUMN "hash" text DEFAULT '' NOT NULL;--> statement-breakpoint
-- What a row's hash is over: the hash before it, and the row as JSON, so that no two rows read the same; the moment in UTC,
-- whatever the session's settings are. src/db/chain.ts computes the same by itself.
CREATE FUNCTION history_hash(previous text, event history) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(jsonb_build_array(
    previous, event.seq, event.registration_id, event.version, event.actor, event.action, event.from_status,
    event.to_status, event.reason, to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  )::text, 'UTF8')), 'hex')
$$;
--> statement-breakpoint
-- What is there already is chained in the order that it happened in.
ALTER TABLE history DISABLE TRIGGER history_is_append_only;
--> statement-breakpoint
DO $$
DECLARE
  event history;
  previous text := repeat('0', 64);
  place bigint := 0;
BEGIN
  FOR event IN SELECT * FROM history ORDER BY at, registration_id, version LOOP
    place := place + 1;
    event.seq := place;
    previous := history_hash(previous, event);
    UPDATE history SET seq = place, hash = previous
      WHERE registration_id = event.registration_id AND version = event.version;
  END LOOP;
  INSERT INTO history_head (seq, hash) VALUES (place, previous);
END
$$;
--> statement-breakpoint
ALTER TABLE history ENABLE TRIGGER history_is_append_only;
--> statement-breakpoint
CREATE UNIQUE INDEX "history_by_seq" ON "history" USING btree ("seq");
--> statement-breakpoint
-- A statement holds the head, carries it from row to row in a setting of its transaction, and writes it back once: a row
-- that is updated once for each of many rows in one transaction leaves as many dead versions to walk through.
CREATE FUNCTION take_history_head() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  head history_head;
BEGIN
  SELECT * INTO STRICT head FROM history_head FOR UPDATE;
  PERFORM set_config('registrar.history_seq', head.seq::text, true), set_config('registrar.history_hash', head.hash, true);
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE FUNCTION chain_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.seq := current_setting('registrar.history_seq')::bigint + 1;
  NEW.hash := history_hash(current_setting('registrar.history_hash'), NEW);
  PERFORM set_config('registrar.history_seq', NEW.seq::text, true), set_config('registrar.history_hash', NEW.hash, true);
  RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE FUNCTION move_history_head() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  place bigint := current_setting('registrar.history_seq')::bigint;
  head history_head;
BEGIN
  SELECT * INTO STRICT head FROM history_head;
  IF place - head.seq <> (SELECT count(*) FROM written) THEN
    RAISE EXCEPTION 'history takes every row or none: ON CONFLICT would leave a gap in its chain' USING ERRCODE = 'restrict_violation';
  END IF;
  UPDATE history_head SET seq = place, hash = current_setting('registrar.history_hash');
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER history_takes_head BEFORE INSERT ON history FOR EACH STATEMENT EXECUTE FUNCTION take_history_head();
--> statement-breakpoint
CREATE TRIGGER history_is_chained BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION chain_history();
--> statement-breakpoint
CREATE TRIGGER history_moves_head AFTER INSERT ON history
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION move_history_head();
