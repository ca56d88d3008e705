CREATE TABLE "chores" (
	"name" text PRIMARY KEY NOT NULL,
	"tick" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "troubles" (
	"place" text NOT NULL,
	"why" text NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	"over_at" timestamp (3) with time zone,
	"told_at" timestamp (3) with time zone,
	"checked_at" timestamp (3) with time zone,
	CONSTRAINT "troubles_place_why_pk" PRIMARY KEY("place","why")
);
--> statement-breakpoint
ALTER TABLE "registrations" ADD COLUMN "card_checked_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "registrations" ADD COLUMN "card_differs" text;--> statement-breakpoint
CREATE INDEX "registrations_to_check" ON "registrations" USING btree ("card_checked_at" nulls first) WHERE "registrations"."status" in ('pending', 'approved', 'rejected', 'revoked') and "registrations"."card_ts" is not null;--> statement-breakpoint
CREATE INDEX "registrations_undrawn" ON "registrations" USING btree ("changed_at") WHERE "registrations"."card_version" is distinct from "registrations"."version" + "registrations"."card_changes";