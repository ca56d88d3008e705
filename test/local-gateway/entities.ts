/** The fields of Kong's entities, as strictly as Kong checks them. */
import { z } from 'zod';

export type Consumer = {
  id: string;
  username: string | null;
  custom_id: string | null;
  tags: string[] | null;
  created_at: number;
};
export type Acl = { id: string; group: string; tags: string[] | null; consumer: { id: string }; created_at: number };
export type Key = {
  id: string;
  key: string;
  ttl: number | null;
  tags: string[] | null;
  consumer: { id: string };
  created_at: number;
};

/** What may be written of an entity: fields that are left out, or null. */
export type Fields<T> = { [K in keyof T]?: T[K] | null | undefined };

export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

const text = z.string('expected a string').min(1, 'length must be at least 1').nullish();
const id = z.string('expected a string').refine(isUuid, 'expected a valid UUID').nullish();
const tag = z
  .string('expected a string')
  .regex(/^[^\s,/]+$/, 'invalid tag: expected printable characters except space, comma and slash');
const common = {
  id,
  tags: z.array(tag, 'expected a set').nullish(),
  created_at: z.int('expected an integer').nullish(),
};
const owner = z.strictObject({ id: z.string() }).nullish();

export const consumerFields = z
  .strictObject({ ...common, username: text, custom_id: text })
  .refine(({ username, custom_id }) => username || custom_id, {
    path: ['@entity'],
    message: "at least one of these fields must be non-empty: 'custom_id', 'username'",
  });
export const aclFields = z.strictObject({
  ...common,
  group: z.string('required field missing').min(1, 'length must be at least 1'),
  consumer: owner,
});
export const keyFields = z.strictObject({
  ...common,
  key: text,
  ttl: z.int('expected an integer').min(0).max(100_000_000).nullish(),
  consumer: owner,
});

/** The fields that break the schema, each with what Kong says of it. */
export function violations(error: z.ZodError): Record<string, string> {
  const found: Record<string, string> = {};
  for (const issue of error.issues) {
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) found[key] = 'unknown field';
    else found[String(issue.path[0] ?? '@entity')] = issue.message;
  }
  return found;
}
