CREATE TABLE "channel_ids" (
	"old" text PRIMARY KEY NOT NULL,
	"current" text NOT NULL,
	"since" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"moved_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "unknown_ids" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"count" integer NOT NULL,
	"before" integer NOT NULL,
	CONSTRAINT "unknown_ids_only" CHECK ("unknown_ids"."only")
);
