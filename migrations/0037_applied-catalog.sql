CREATE TABLE "applied_catalog" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"file" text NOT NULL,
	"services" text NOT NULL,
	"gateways" jsonb NOT NULL,
	CONSTRAINT "applied_catalog_only" CHECK ("applied_catalog"."only")
);
