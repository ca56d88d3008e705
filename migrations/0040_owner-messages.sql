CREATE TABLE "owner_messages" (
	"registration_id" bigint NOT NULL,
	"person" text NOT NULL,
	"name" text NOT NULL,
	"effect" jsonb,
	"channel" text,
	"ts" text,
	CONSTRAINT "owner_messages_registration_id_person_name_pk" PRIMARY KEY("registration_id","person","name")
);
--> statement-breakpoint
ALTER TABLE "owner_messages" ADD CONSTRAINT "owner_messages_registration_id_registrations_id_fk" FOREIGN KEY ("registration_id") REFERENCES "registrations"("id") ON DELETE no action ON UPDATE no action;