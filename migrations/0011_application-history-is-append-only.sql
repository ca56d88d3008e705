-- Applications that are there already began with the people who own them; then what happened stays as it was written.
INSERT INTO application_history (application_id, version, actor, action, name, added, removed, at)
  SELECT a.id, 1, a.created_by, 'create', a.name,
    ARRAY(SELECT o.user_id FROM application_owners o WHERE o.application_id = a.id ORDER BY o.user_id), '{}', a.created_at
  FROM applications a;
--> statement-breakpoint
CREATE TRIGGER application_history_is_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON application_history
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
