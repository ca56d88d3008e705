ALTER TABLE "services" DROP COLUMN "search";--> statement-breakpoint
-- A space before each word, also the first: where words begin is then one thing to look for. The index went with the column.
ALTER TABLE "services" ADD COLUMN "search" text GENERATED ALWAYS AS (' ' || lower(name || ' ' || slug || ' ' || description)) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "services_search" ON "services" USING gin ("search" gin_trgm_ops);