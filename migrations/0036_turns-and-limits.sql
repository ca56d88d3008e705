ALTER TABLE "channel_turns" ADD COLUMN "round" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "paced_in" text;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "requester" text;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "round" bigint;--> statement-breakpoint
CREATE INDEX "registrations_requested" ON "registrations" USING btree ("requester","requested_at");--> statement-breakpoint
CREATE INDEX "outbox_turns" ON "outbox" USING btree ("paced_in","priority","round","id") WHERE "outbox"."paced_in" is not null and "outbox"."dead_at" is null;--> statement-breakpoint
CREATE INDEX "outbox_rounds" ON "outbox" USING btree ("paced_in","requester","round") WHERE "outbox"."paced_in" is not null and "outbox"."dead_at" is null;--> statement-breakpoint
CREATE INDEX "outbox_slots" ON "outbox" USING btree ("paced_in","slot") WHERE "outbox"."paced_in" is not null and "outbox"."dead_at" is null;