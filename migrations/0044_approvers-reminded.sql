CREATE TABLE "reminded_approvers" (
	"registration_id" bigint NOT NULL,
	"approver" text NOT NULL,
	CONSTRAINT "reminded_approvers_registration_id_approver_pk" PRIMARY KEY("registration_id","approver")
);
--> statement-breakpoint
ALTER TABLE "reminder_messages" ADD COLUMN "posted_in" text;--> statement-breakpoint
ALTER TABLE "approver_messages" ADD COLUMN "reminded_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "reminded_approvers" ADD CONSTRAINT "reminded_approvers_registration_id_registrations_id_fk" FOREIGN KEY ("registration_id") REFERENCES "registrations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "approver_messages_reminded" ON "approver_messages" USING btree ("reminded_at","person") WHERE "approver_messages"."reminded_at" is not null;