CREATE TABLE "application_owners" (
	"application_id" bigint NOT NULL,
	"user_id" text NOT NULL,
	CONSTRAINT "application_owners_application_id_user_id_pk" PRIMARY KEY("application_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "applications" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "applications_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"deleted_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "history" (
	"registration_id" bigint NOT NULL,
	"version" integer NOT NULL,
	"actor" text,
	"action" text NOT NULL,
	"from_status" text,
	"to_status" text NOT NULL,
	"reason" text,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "history_registration_id_version_pk" PRIMARY KEY("registration_id","version")
);
--> statement-breakpoint
CREATE TABLE "registrations" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "registrations_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"application_id" bigint NOT NULL,
	"service_id" bigint NOT NULL,
	"requester" text NOT NULL,
	"reason" text NOT NULL,
	"requested_at" timestamp (3) with time zone NOT NULL,
	"form" text NOT NULL,
	"status" text NOT NULL,
	"version" integer NOT NULL,
	"changed_by" text,
	"changed_at" timestamp (3) with time zone NOT NULL,
	"change_reason" text,
	"card_channel" text,
	"card_ts" text,
	"card_version" integer,
	"remind_at" timestamp (3) with time zone,
	"reminders" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "registrations_status" CHECK ("registrations"."status" in ('pending', 'approved', 'rejected', 'revoked', 'unregistered', 'deleted', 'expired'))
);
--> statement-breakpoint
CREATE TABLE "services" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "services_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"docs" text,
	"registration_enabled" boolean DEFAULT true NOT NULL,
	"auto_approve" boolean DEFAULT false NOT NULL,
	"channel" text,
	"approvers" text[] DEFAULT '{}' NOT NULL,
	"managed_by" text NOT NULL,
	"search" text GENERATED ALWAYS AS (lower(name || ' ' || slug || ' ' || description)) STORED NOT NULL,
	CONSTRAINT "services_slug_unique" UNIQUE("slug"),
	CONSTRAINT "services_managed_by" CHECK ("services"."managed_by" in ('file', 'slack'))
);
--> statement-breakpoint
ALTER TABLE "application_owners" ADD CONSTRAINT "application_owners_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "applications"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "history" ADD CONSTRAINT "history_registration_id_registrations_id_fk" FOREIGN KEY ("registration_id") REFERENCES "registrations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "registrations" ADD CONSTRAINT "registrations_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "applications"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "registrations" ADD CONSTRAINT "registrations_service_id_services_id_fk" FOREIGN KEY ("service_id") REFERENCES "services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "application_owners_by_user" ON "application_owners" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "applications_name" ON "applications" USING btree (lower("name")) WHERE "applications"."deleted_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "registrations_live" ON "registrations" USING btree ("application_id","service_id") WHERE "registrations"."status" in ('pending', 'approved', 'rejected', 'revoked');--> statement-breakpoint
CREATE UNIQUE INDEX "registrations_form" ON "registrations" USING btree ("form","application_id","service_id");--> statement-breakpoint
CREATE INDEX "registrations_by_requester" ON "registrations" USING btree ("requester","service_id");--> statement-breakpoint
CREATE INDEX "registrations_by_application" ON "registrations" USING btree ("application_id","service_id");--> statement-breakpoint
CREATE INDEX "registrations_due" ON "registrations" USING btree ("remind_at") WHERE "registrations"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "services_search" ON "services" USING gin ("search" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "services_by_name" ON "services" USING btree (lower("name"),"id");