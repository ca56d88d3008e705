CREATE TABLE "ticks" (
	"schedule" text PRIMARY KEY NOT NULL,
	"pattern" text NOT NULL,
	"due" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "history_at" ON "history" USING btree ("at");