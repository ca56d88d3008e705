CREATE TABLE "policy_in_force" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"policy" text NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "policy_in_force_only" CHECK ("policy_in_force"."only")
);
