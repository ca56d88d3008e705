CREATE TABLE "approver_messages" (
	"registration_id" bigint NOT NULL,
	"person" text NOT NULL,
	"channel" text,
	"ts" text,
	CONSTRAINT "approver_messages_registration_id_person_pk" PRIMARY KEY("registration_id","person")
);
--> statement-breakpoint
CREATE TABLE "pending_messages" (
	"person" text NOT NULL,
	"tick" timestamp (3) with time zone NOT NULL,
	"channel" text,
	"ts" text,
	CONSTRAINT "pending_messages_person_tick_pk" PRIMARY KEY("person","tick")
);
--> statement-breakpoint
ALTER TABLE "approver_messages" ADD CONSTRAINT "approver_messages_registration_id_registrations_id_fk" FOREIGN KEY ("registration_id") REFERENCES "registrations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
-- What earlier versions told requesters: it is found by its marker when it is next updated.
INSERT INTO "pending_messages" ("person", "tick")
SELECT DISTINCT "requester", "first_reminded_at" FROM "registrations"
WHERE "status" = 'pending' AND "first_reminded_at" IS NOT NULL;
