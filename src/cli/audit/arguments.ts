/** Reads the arguments of `npm run audit`. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { UsageError } from '../usage-error.ts';
import { recordNames } from './formats.ts';

const expectedTimestamp =
  'a date such as 2026-01-31 (which begins at midnight, UTC), or a time such as 2026-01-31T09:00:00Z';
const timestamp = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], expectedTimestamp)
  .transform((text) => new Date(text));

/** A chain head as `--verify` prints it: the number of the last event, and its hash. */
const head = z
  .string()
  .regex(/^\d{1,15}:[0-9a-f]{64}$/, 'a head as an earlier --verify printed it, such as 42:9f86d081…')
  .transform((text) => ({ seq: Number(text.split(':')[0]), hash: text.split(':')[1] ?? '' }));

const optionsSchema = z
  .object({
    since: timestamp.optional(),
    until: timestamp.optional(),
    format: z.enum(['csv', 'jsonl'], 'csv or jsonl').optional(),
    record: z.enum(recordNames, 'registrations, applications, services, access or erasures').optional(),
    verify: z.boolean().default(false),
    expect: head.optional(),
  })
  .refine(({ since, until }) => !since || !until || since < until, {
    path: ['until'],
    error: 'a time after --since',
  })
  .refine(({ verify, since, until, format, record }) => !verify || !(since || until || format || record), {
    path: ['verify'],
    error: 'no --since, --until, --format or --record with it: all records are verified, from beginning to end',
  })
  .refine(({ verify, expect }) => verify || !expect, { path: ['expect'], error: '--verify with it' })
  .transform(({ record = 'registrations', ...options }) => ({ record, ...options }));

export const auditUsage = `npm run -s audit [-- options]   writes a record to standard output, oldest event first
  --record   registrations (default), applications, services, access or erasures
  --since    ${expectedTimestamp}
  --until    the same; what is older than that is written
  --format   csv (default) or jsonl
npm run -s audit -- --verify   checks the hash chain of all records
  --expect   the head that an earlier --verify printed, which must still be part of the chain`;

/** Reads the arguments. Throws a `UsageError` that says what is wrong and how to fix it. */
export function readAuditOptions(args: string[]): z.infer<typeof optionsSchema> {
  let values: unknown;
  try {
    const text = { type: 'string' } as const;
    const options = {
      since: text,
      until: text,
      format: text,
      record: text,
      expect: text,
      verify: { type: 'boolean' },
    } as const;
    values = parseArgs({ args, options }).values;
  } catch (error) {
    const [what = ''] = String(error instanceof Error ? error.message : error).split(/[.\n]/);
    throw new UsageError(
      `${what}. Use --since DATE, --until DATE, --format csv or jsonl and --record registrations, applications, services, access or erasures; or --verify, with --expect HEAD where you noted one.`,
    );
  }
  const read = optionsSchema.safeParse(values);
  if (read.success) return read.data;
  const [first] = read.error.issues;
  throw new UsageError(`--${String(first?.path[0])}: expected ${first?.message}.`);
}
