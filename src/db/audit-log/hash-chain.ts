/**
 * The hash chain of the audit log. Each event (of a registration, application or service) has a hash of the previous event,
 * of any kind, and of its own fields. Triggers write it (the migrations history-is-chained and records-are-chained). This
 * file computes it independently, from the rows, to find violations.
 */
import { createHash } from 'node:crypto';
import type { Session } from '../connection/session.ts';
import { inBatches, openSnapshot } from './export.ts';
import { findDrift } from './state-drift.ts';
import type { Subject } from './subject.ts';

/** The head: the last event's number and hash, which vouch for all events up to it. */
export type ChainHead = { seq: number; hash: string };

/** The previous hash of the first event. */
const origin = '0'.repeat(64);

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

type Link = ChainHead & Subject & { version: number; fields: Json[] };

/** The first violation of the chain. */
export type ChainViolation =
  /** The event is missing: the next one exists. */
  | { kind: 'missing'; seq: number }
  /** The event was changed, or replaced by another. */
  | { kind: 'changed'; seq: number; of: Subject; version: number }
  /** The event was inserted past the triggers. */
  | { kind: 'unchained'; of: Subject; version: number }
  /** Events are missing at the end: before the head, or before the head that was noted elsewhere. */
  | { kind: 'cut'; seq: number; upTo: number }
  /** The chain is consistent, but not the one of the head, or of the head noted elsewhere: it was rewritten. */
  | { kind: 'rewritten'; seq: number }
  /** State drift: the current state is not the one that the last event led to. */
  | { kind: 'drift'; of: Subject };

export type VerifyResult = { fits: true; head: ChainHead } | { fits: false; violation: ChainViolation };

/**
 * Verifies the whole audit log, in one snapshot: reads it in the order of the chain, up to the first violation. `noted` is
 * the head of an earlier verification, kept out of reach of those who can write to this database.
 */
export async function verify(url: string, noted: ChainHead = { seq: 0, hash: origin }): Promise<VerifyResult> {
  const session = await openSnapshot(url);
  try {
    return await walk(session, noted);
  } finally {
    await session.close();
  }
}

async function walk(session: Session, noted: ChainHead): Promise<VerifyResult> {
  let last: ChainHead = { seq: 0, hash: origin };
  const at = `to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  const links = inBatches<Link>(
    session,
    `
    select seq::float8 as seq, hash, record, id::float8 as id, version, fields from (
      select seq, hash, 'registration' as record, registration_id as id, version,
        jsonb_build_array(registration_id, version, actor, action, from_status, to_status, reason, ${at}) as fields
      from history
      union all select seq, hash, 'application', application_id, version,
        jsonb_build_array('application', application_id, version, actor, action, name, added, removed, ${at})
      from application_history
      union all select seq, hash, 'service', service_id, version,
        jsonb_build_array('service', service_id, version, actor, before, after, ${at})
      from service_changes
      union all select seq, hash, 'access', application_id, version,
        jsonb_build_array('access', application_id, version, actor, action, gateway, subject, ${at})
      from access_history) as links
    order by links.seq`,
  );
  for await (const some of links) {
    for (const link of some) {
      const violation = violationOf(last, link);
      if (violation) return { fits: false, violation };
      last = { seq: link.seq, hash: link.hash };
      if (last.seq === noted.seq && last.hash !== noted.hash) return rewritten(last);
    }
  }
  const [head] = await session.query<ChainHead>('select seq::float8 as seq, hash from history_head');
  const upTo = Math.max(noted.seq, head?.seq ?? 0);
  if (upTo > last.seq) return { fits: false, violation: { kind: 'cut', seq: last.seq, upTo } };
  if (head?.seq !== last.seq || head.hash !== last.hash) return rewritten(last);
  const of = await findDrift(session);
  return of ? { fits: false, violation: { kind: 'drift', of } } : { fits: true, head: last };
}

const rewritten = ({ seq }: ChainHead): VerifyResult => ({ fits: false, violation: { kind: 'rewritten', seq } });

function violationOf(before: ChainHead, link: Link): ChainViolation | undefined {
  const { seq, record, id, version } = link;
  const of = { record, id };
  if (seq <= before.seq) return { kind: 'unchained', of, version };
  if (seq > before.seq + 1) return { kind: 'missing', seq: before.seq + 1 };
  return link.hash === hashOf(before.hash, link) ? undefined : { kind: 'changed', seq, of, version };
}

const hashOf = (before: string, { seq, fields }: Link): string =>
  createHash('sha256')
    .update(canonicalJson([before, seq, ...fields]))
    .digest('hex');

/** Writes JSON as the text of PostgreSQL's `jsonb` does: strings as in JavaScript, a space after each comma and colon. */
function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${canonicalJson(one)}`);
  return `{${fields.join(', ')}}`;
}
