CREATE TABLE "channel_turns" (
	"channel" text PRIMARY KEY NOT NULL,
	"closed_until" timestamp (3) with time zone NOT NULL,
	"free" timestamp (3) with time zone NOT NULL
);
