DROP TABLE "chores" CASCADE;--> statement-breakpoint
DROP TABLE "ticks" CASCADE;--> statement-breakpoint
ALTER TABLE "served_ticks" ADD COLUMN "pattern" text DEFAULT '' NOT NULL;