ALTER TABLE "workspace" ADD COLUMN "database" text;--> statement-breakpoint
ALTER TABLE "workspace" ADD COLUMN "restored_at" timestamp (3) with time zone;