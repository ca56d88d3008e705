/**
 * The chain: each event of a record (of registrations, of applications, of services) carries a hash over the one before,
 * whichever record that is in, and over itself, written by a trigger as it is recorded (the migrations history-is-chained and
 * records-are-chained). Here it is computed again, from the rows and by other code, so that what does not fit is found.
 */
import { createHash } from 'node:crypto';
import type { Session } from '../session.ts';
import { inBatches, openReading } from './export.ts';
import { findDrift } from './state-drift.ts';
import type { Subject } from './subject.ts';

/** The last link: what stands for the records up to it. */
export type ChainHead = { seq: number; hash: string };

/** What the first event's hash is over instead of one before it. */
const origin = '0'.repeat(64);
type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

type Link = ChainHead & Subject & { version: number; fields: Json[] };

/** Why an event does not fit: where the records stopped being what was written. */
export type ChainViolation =
  /** It is not there: the next one is. */
  | { kind: 'missing'; seq: number }
  /** It is not as it was written, or not the one that was written there. */
  | { kind: 'changed'; seq: number; of: Subject; version: number }
  /** It was put in without being chained. */
  | { kind: 'unchained'; of: Subject; version: number }
  /** The records end before their head does, or before the head that was noted elsewhere. */
  | { kind: 'cut'; seq: number; upTo: number }
  /** Events fit that the head, or the one noted elsewhere, does not know: they were written anew. */
  | { kind: 'rewritten'; seq: number }
  /** Something is not in the state that its last event left it in. */
  | { kind: 'disowned'; of: Subject };

export type VerifyResult = { fits: true; head: ChainHead } | { fits: false; misfit: ChainViolation };

/**
 * Reads the whole of the records in the order of the chain and says whether they are as they were written, or the first
 * event that is not. `noted` is a head from an earlier look, kept where nobody who can write to this database can. One
 * moment's view.
 */
export async function verify(url: string, noted: ChainHead = { seq: 0, hash: origin }): Promise<VerifyResult> {
  const session = await openReading(url);
  try {
    return await follow(session, noted);
  } finally {
    await session.close();
  }
}

async function follow(session: Session, noted: ChainHead): Promise<VerifyResult> {
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
      from service_changes) as links
    order by links.seq`,
  );
  for await (const some of links) {
    for (const link of some) {
      const misfit = misfitOf(last, link);
      if (misfit) return { fits: false, misfit };
      last = { seq: link.seq, hash: link.hash };
      if (last.seq === noted.seq && last.hash !== noted.hash) return rewritten(last);
    }
  }
  const [head] = await session.query<ChainHead>('select seq::float8 as seq, hash from history_head');
  const upTo = Math.max(noted.seq, head?.seq ?? 0);
  if (upTo > last.seq) return { fits: false, misfit: { kind: 'cut', seq: last.seq, upTo } };
  if (head?.seq !== last.seq || head.hash !== last.hash) return rewritten(last);
  const of = await findDrift(session);
  return of ? { fits: false, misfit: { kind: 'disowned', of } } : { fits: true, head: last };
}

const rewritten = ({ seq }: ChainHead): VerifyResult => ({ fits: false, misfit: { kind: 'rewritten', seq } });

function misfitOf(before: ChainHead, link: Link): ChainViolation | undefined {
  const { seq, record, id, version } = link;
  const of = { record, id };
  if (seq <= before.seq) return { kind: 'unchained', of, version };
  if (seq > before.seq + 1) return { kind: 'missing', seq: before.seq + 1 };
  return link.hash === hashOf(before.hash, link) ? undefined : { kind: 'changed', seq, of, version };
}

const hashOf = (before: string, { seq, fields }: Link): string =>
  createHash('sha256')
    .update(written([before, seq, ...fields]))
    .digest('hex');

/** As PostgreSQL writes JSON: its strings are JavaScript's, and a comma or a colon is followed by a space. */
function written(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${written(one)}`);
  return `{${fields.join(', ')}}`;
}
