ALTER TABLE "applications" ADD COLUMN "public_id" uuid DEFAULT gen_random_uuid() NOT NULL;--> statement-breakpoint
ALTER TABLE "registrations" ADD COLUMN "public_id" uuid DEFAULT gen_random_uuid() NOT NULL;--> statement-breakpoint
ALTER TABLE "services" ADD COLUMN "public_id" uuid DEFAULT gen_random_uuid() NOT NULL;--> statement-breakpoint
ALTER TABLE "applications" ADD CONSTRAINT "applications_public_id" UNIQUE("public_id");--> statement-breakpoint
ALTER TABLE "registrations" ADD CONSTRAINT "registrations_public_id" UNIQUE("public_id");--> statement-breakpoint
ALTER TABLE "services" ADD CONSTRAINT "services_public_id" UNIQUE("public_id");