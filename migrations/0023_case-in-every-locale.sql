-- Case was folded as the locale of the database says: with C no letter but those of English, with a Turkish one not even
-- those. Now it is the same everywhere, by the first of these collations that this PostgreSQL has.
DO $migration$
DECLARE
  found text;
BEGIN
  SELECT quote_ident(collname) INTO found FROM pg_collation
  WHERE collnamespace = 'pg_catalog'::regnamespace AND collname IN ('pg_c_utf8', 'und-x-icu', 'C.utf8', 'C.UTF-8', 'en_US.utf8')
    AND collencoding IN (-1, pg_char_to_encoding('UTF8'))
  ORDER BY array_position(ARRAY['pg_c_utf8', 'und-x-icu', 'C.utf8', 'C.UTF-8', 'en_US.utf8']::name[], collname) LIMIT 1;
  IF found IS NULL THEN
    RAISE EXCEPTION 'this PostgreSQL has no collation that knows all letters'
      USING HINT = 'Install its support for ICU, or the locale C.UTF-8, and run: SELECT pg_import_system_collations(''pg_catalog'')';
  END IF;
  EXECUTE format(
    'CREATE FUNCTION fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS %L',
    format('SELECT lower($1 COLLATE pg_catalog.%s)', found));
END $migration$;--> statement-breakpoint
DROP INDEX "applications_name";--> statement-breakpoint
DROP INDEX "services_by_name";--> statement-breakpoint
ALTER TABLE "services" drop column "search";--> statement-breakpoint
ALTER TABLE "services" ADD COLUMN "search" text GENERATED ALWAYS AS (' ' || fold(name || ' ' || slug || ' ' || description)) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "services_search" ON "services" USING gin ("search" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "applications_name" ON "applications" USING btree (fold("name")) WHERE "applications"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "services_by_name" ON "services" USING btree (fold("name") collate "C","id");
