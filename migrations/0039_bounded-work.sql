DROP INDEX "registrations_reminded";--> statement-breakpoint
DROP INDEX "registrations_by_requester";--> statement-breakpoint
DROP INDEX "registrations_by_application";--> statement-breakpoint
CREATE INDEX "registrations_pending_by_application" ON "registrations" USING btree ("application_id","id") WHERE "registrations"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "registrations_reminded_in" ON "registrations" USING btree ("reminded_at","reminded_in","requested_at","id") WHERE "registrations"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "registrations_escalated_in" ON "registrations" USING btree ("reminded_at","escalated_in","requested_at","id") WHERE "registrations"."status" = 'pending' and "registrations"."escalated_in" is not null;--> statement-breakpoint
CREATE INDEX "registrations_by_requester" ON "registrations" USING btree ("requester","service_id","id");--> statement-breakpoint
CREATE INDEX "registrations_by_application" ON "registrations" USING btree ("application_id","service_id","id");