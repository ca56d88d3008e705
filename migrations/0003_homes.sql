CREATE TABLE "homes" (
	"user_id" text PRIMARY KEY NOT NULL,
	"opened_at" timestamp (3) with time zone NOT NULL,
	"mine_page" integer DEFAULT 1 NOT NULL,
	"queue_page" integer DEFAULT 1 NOT NULL,
	"service_id" bigint,
	"search" text DEFAULT '' NOT NULL,
	"stale" boolean DEFAULT false NOT NULL,
	"drawn_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE INDEX "registrations_pending" ON "registrations" USING btree ("requested_at","id") WHERE "registrations"."status" = 'pending';