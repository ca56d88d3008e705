CREATE TABLE "service_changes" (
	"service_id" bigint NOT NULL,
	"version" integer NOT NULL,
	"actor" text,
	"before" jsonb,
	"after" jsonb NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "service_changes_service_id_version_pk" PRIMARY KEY("service_id","version")
);
--> statement-breakpoint
ALTER TABLE "homes" ADD COLUMN "catalog_page" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "homes" ADD COLUMN "catalog_search" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "services" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "services" ADD COLUMN "retired_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "service_changes" ADD CONSTRAINT "service_changes_service_id_services_id_fk" FOREIGN KEY ("service_id") REFERENCES "services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
-- The record of the catalog stays as it was written, as history does.
CREATE TRIGGER service_changes_are_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON service_changes
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
