CREATE TABLE "application_history" (
	"application_id" bigint NOT NULL,
	"version" integer NOT NULL,
	"actor" text,
	"action" text NOT NULL,
	"name" text NOT NULL,
	"added" text[] NOT NULL,
	"removed" text[] NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "application_history_application_id_version_pk" PRIMARY KEY("application_id","version")
);
--> statement-breakpoint
CREATE TABLE "orphans" (
	"application_id" bigint NOT NULL,
	"version" integer NOT NULL,
	"adopted_version" integer,
	"channel" text,
	"ts" text,
	CONSTRAINT "orphans_application_id_version_pk" PRIMARY KEY("application_id","version")
);
--> statement-breakpoint
ALTER TABLE "applications" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "application_history" ADD CONSTRAINT "application_history_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "applications"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orphans" ADD CONSTRAINT "orphans_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "applications"("id") ON DELETE no action ON UPDATE no action;