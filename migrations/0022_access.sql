CREATE TABLE "access_history" (
	"application_id" bigint NOT NULL,
	"version" integer NOT NULL,
	"actor" text,
	"action" text NOT NULL,
	"gateway" text NOT NULL,
	"subject" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"seq" bigint DEFAULT 0 NOT NULL,
	"hash" text DEFAULT '' NOT NULL,
	CONSTRAINT "access_history_application_id_version_pk" PRIMARY KEY("application_id","version")
);
--> statement-breakpoint
CREATE TABLE "application_access" (
	"application_id" bigint NOT NULL,
	"gateway" text NOT NULL,
	"group_name" text NOT NULL,
	"registration_id" bigint NOT NULL,
	"wanted" boolean NOT NULL,
	"change" uuid DEFAULT gen_random_uuid() NOT NULL,
	"open" boolean,
	"since" timestamp (3) with time zone NOT NULL,
	"failure" text,
	"failing_since" timestamp (3) with time zone,
	"announce" boolean DEFAULT false NOT NULL,
	"told_at" timestamp (3) with time zone,
	CONSTRAINT "application_access_application_id_gateway_group_name_pk" PRIMARY KEY("application_id","gateway","group_name")
);
--> statement-breakpoint
CREATE TABLE "application_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"application_id" bigint NOT NULL,
	"gateway" text NOT NULL,
	"last_four" text NOT NULL,
	"made_by" text NOT NULL,
	"made_at" timestamp (3) with time zone NOT NULL,
	"shown" boolean DEFAULT false NOT NULL,
	"removed_by" text,
	"removed_at" timestamp (3) with time zone,
	"gone" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
ALTER TABLE "access_history" ADD CONSTRAINT "access_history_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "applications"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "application_access" ADD CONSTRAINT "application_access_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "applications"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "application_access" ADD CONSTRAINT "application_access_registration_id_registrations_id_fk" FOREIGN KEY ("registration_id") REFERENCES "registrations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "application_keys" ADD CONSTRAINT "application_keys_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "applications"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "access_history_by_seq" ON "access_history" USING btree ("seq");--> statement-breakpoint
CREATE INDEX "access_history_at" ON "access_history" USING btree ("at");--> statement-breakpoint
CREATE INDEX "application_access_unsettled" ON "application_access" USING btree ("gateway","application_id") WHERE "application_access"."open" is distinct from "application_access"."wanted";--> statement-breakpoint
CREATE INDEX "application_access_by_registration" ON "application_access" USING btree ("registration_id");--> statement-breakpoint
CREATE INDEX "application_keys_live" ON "application_keys" USING btree ("application_id","gateway") WHERE not "application_keys"."gone";--> statement-breakpoint
CREATE INDEX "application_keys_unshown" ON "application_keys" USING btree ("made_at") WHERE not "application_keys"."shown" and not "application_keys"."gone";--> statement-breakpoint
-- What a row's hash is over, as for the other records: the hash before it and the row, which begins with the record's name.
CREATE FUNCTION history_hash(previous text, event access_history) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(jsonb_build_array(
    previous, event.seq, 'access', event.application_id, event.version, event.actor, event.action, event.gateway,
    event.subject, to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  )::text, 'UTF8')), 'hex')
$$;
--> statement-breakpoint
CREATE TRIGGER access_history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_history
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
--> statement-breakpoint
-- The functions are those of history: all records share one chain and its head.
CREATE TRIGGER access_history_takes_head BEFORE INSERT ON access_history
  FOR EACH STATEMENT EXECUTE FUNCTION take_history_head();
--> statement-breakpoint
CREATE TRIGGER access_history_is_chained BEFORE INSERT ON access_history
  FOR EACH ROW EXECUTE FUNCTION chain_history();
--> statement-breakpoint
CREATE TRIGGER access_history_moves_head AFTER INSERT ON access_history
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION move_history_head();
