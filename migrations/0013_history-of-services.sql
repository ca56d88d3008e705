ALTER TABLE "history" ADD COLUMN "service_id" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
-- The one time that rows of the record are touched: each is told the service that it was always about.
ALTER TABLE history DISABLE TRIGGER history_is_append_only;--> statement-breakpoint
UPDATE history SET service_id = r.service_id FROM registrations r WHERE r.id = history.registration_id;--> statement-breakpoint
ALTER TABLE history ENABLE TRIGGER history_is_append_only;--> statement-breakpoint
CREATE INDEX "registrations_pending_by_service" ON "registrations" USING btree ("service_id","id") WHERE "registrations"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "history_by_service" ON "history" USING btree ("service_id","at","registration_id","version");--> statement-breakpoint
CREATE INDEX "service_changes_by_moment" ON "service_changes" USING btree ("service_id","at","version");--> statement-breakpoint
CREATE FUNCTION history_names_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.service_id := coalesce((SELECT service_id FROM registrations WHERE id = NEW.registration_id), 0);
  RETURN NEW;
END
$$;--> statement-breakpoint
CREATE TRIGGER history_names_service BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION history_names_service();
