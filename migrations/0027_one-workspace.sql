CREATE TABLE "workspace" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"team_id" text NOT NULL,
	"team_name" text NOT NULL,
	"app_id" text,
	"since" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "workspace_only" CHECK ("workspace"."only")
);
