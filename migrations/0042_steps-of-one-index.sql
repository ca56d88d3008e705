DROP INDEX "services_by_gateway";--> statement-breakpoint
CREATE INDEX "registrations_of_service" ON "registrations" USING btree ("service_id","application_id");--> statement-breakpoint
CREATE INDEX "registrations_first_reminded" ON "registrations" USING btree ("requester","first_reminded_at") WHERE "registrations"."first_reminded_at" is not null;--> statement-breakpoint
CREATE INDEX "registrations_last_reminded" ON "registrations" USING btree ("reminded_at","requested_at","id") WHERE "registrations"."status" = 'pending' and "registrations"."reminders" = 5;--> statement-breakpoint
CREATE INDEX "services_by_group" ON "services" USING btree (("access"->>'gateway'),("access"->>'group')) WHERE "services"."access" is not null;--> statement-breakpoint
CREATE INDEX "application_access_open" ON "application_access" USING btree ("application_id","registration_id") WHERE "application_access"."open" is distinct from false;