/** Writes the expression that selects a row of services as `jsonb`, with the fields of its record (`ServiceRecord`). */
export const serviceRecordJson = (row: string): string => `jsonb_build_object(
  'slug', ${row}.slug, 'name', ${row}.name, 'description', ${row}.description, 'docs', ${row}.docs,
  'registrationEnabled', ${row}.registration_enabled, 'autoApprove', ${row}.auto_approve, 'channel', ${row}.channel,
  'approvers', to_jsonb(${row}.approvers), 'access', ${row}.access, 'retired', ${row}.retired_at is not null, 'managedBy', ${row}.managed_by)`;
