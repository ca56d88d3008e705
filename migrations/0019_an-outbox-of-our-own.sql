CREATE TABLE "outbox" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "outbox_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"queue" text NOT NULL,
	"lane" text NOT NULL,
	"priority" smallint NOT NULL,
	"front" boolean NOT NULL,
	"run_at" timestamp with time zone DEFAULT now() NOT NULL,
	"leased" boolean DEFAULT false NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"retries" integer DEFAULT 0 NOT NULL,
	"unsure" boolean DEFAULT false NOT NULL,
	"enqueued_at" timestamp with time zone DEFAULT now() NOT NULL,
	"give_up_at" timestamp with time zone DEFAULT now() + interval '7 days' NOT NULL,
	"slot" timestamp with time zone,
	"progress" text,
	"destination" text,
	"cause" text,
	"dead_at" timestamp with time zone,
	"effect" jsonb NOT NULL,
	"kind" text GENERATED ALWAYS AS (effect->>'kind') STORED NOT NULL
);
--> statement-breakpoint
CREATE INDEX "outbox_front" ON "outbox" USING btree ("queue","priority","run_at","id") WHERE "outbox"."front" and "outbox"."dead_at" is null;--> statement-breakpoint
CREATE INDEX "outbox_lane" ON "outbox" USING btree ("lane","id") WHERE "outbox"."dead_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "outbox_leased" ON "outbox" USING btree ("lane") WHERE "outbox"."leased";--> statement-breakpoint
CREATE INDEX "outbox_raisable" ON "outbox" USING btree ("lane","id") WHERE "outbox"."priority" > 0 and "outbox"."dead_at" is null;--> statement-breakpoint
CREATE INDEX "outbox_by_destination" ON "outbox" USING btree ("destination","cause","id") WHERE "outbox"."destination" is not null;--> statement-breakpoint
CREATE INDEX "outbox_dead" ON "outbox" USING btree ("dead_at","id") WHERE "outbox"."dead_at" is not null;--> statement-breakpoint
CREATE INDEX "outbox_waiting" ON "outbox" USING btree ("kind","run_at") WHERE "outbox"."dead_at" is null and not "outbox"."leased";--> statement-breakpoint
CREATE INDEX "outbox_retrying" ON "outbox" USING btree ("kind") WHERE "outbox"."dead_at" is null and "outbox"."retries" > 0;--> statement-breakpoint
-- Each row lives for a moment and is written three times: what is dead is cleared away by the thousand, not by the share.
ALTER TABLE "outbox" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000, autovacuum_vacuum_cost_delay = 0);
