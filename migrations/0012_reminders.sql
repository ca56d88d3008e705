CREATE TABLE "reminder_messages" (
	"channel" text PRIMARY KEY NOT NULL,
	"tick" timestamp (3) with time zone NOT NULL,
	"ts" text,
	"former_ts" text
);
--> statement-breakpoint
CREATE TABLE "served_ticks" (
	"schedule" text PRIMARY KEY NOT NULL,
	"reading" timestamp (3) NOT NULL
);
--> statement-breakpoint
ALTER TABLE "registrations" ADD COLUMN "first_reminded_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "registrations" ADD COLUMN "reminded_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "registrations" ADD COLUMN "reminded_in" text;--> statement-breakpoint
ALTER TABLE "registrations" ADD COLUMN "escalated_in" text;--> statement-breakpoint
ALTER TABLE "registrations" ADD COLUMN "put_off_by" text;--> statement-breakpoint
CREATE INDEX "registrations_reminded" ON "registrations" USING btree ("reminded_at","reminded_in") WHERE "registrations"."status" = 'pending';