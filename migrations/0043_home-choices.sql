ALTER TABLE "homes" ADD COLUMN "chosen" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "homes" ADD COLUMN "hash" text;