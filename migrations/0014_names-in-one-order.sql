DROP INDEX "services_by_name";--> statement-breakpoint
CREATE INDEX "services_by_name" ON "services" USING btree (lower("name") collate "C","id");