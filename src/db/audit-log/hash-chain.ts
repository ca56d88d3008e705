/**
 * The hash chain of the audit log. Each event (of a registration, application, service or access) has a hash of the previous
 * event, of any kind, and of its own fields. Triggers write it (the migrations what-events-cover and erasures). This file computes it
 * independently, from the rows, to find violations.
 */
import { createHash } from 'node:crypto';
import type { Session } from '../connection/session.ts';
import { inBatches, openSnapshot } from './export.ts';
import { type Drift, findDrift } from './state-drift.ts';
import type { Subject } from './subject.ts';

/** The head: the last event's number and hash, which vouch for all events up to it. */
export type ChainHead = { seq: number; hash: string };

/** The previous hash of the first event. */
const origin = '0'.repeat(64);

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** An event: `fields` in form 1; in form 2 `rest`, and `people`, what names people or was written by them. */
type Link = ChainHead &
  Subject & {
    version: number;
    chain: number;
    /** In form 1: whether it has values that its hash is not over. */
    loose: boolean;
    salt: string | null;
    personal: string | null;
    fields: Json[] | null;
    rest: Json[];
    people: Json[];
  };

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
  /** State drift: the current state is not the one that the events led to. */
  | ({ kind: 'drift' } & Drift);

/** `erased`: how many events say less than they did (erase.ts). */
export type VerifyResult = { fits: true; head: ChainHead; erased: number } | { fits: false; violation: ChainViolation };

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
  const erased = await erasedEvents(session);
  const links = inBatches<Link>(session, `select * from (${linksOf.join(' union all ')}) as links order by seq`);
  for await (const some of links) {
    for (const link of some) {
      const violation = violationOf(last, link, erased.get(link.seq));
      if (violation) return { fits: false, violation };
      last = { seq: link.seq, hash: link.hash };
      if (last.seq === noted.seq && last.hash !== noted.hash) return rewritten(last);
    }
  }
  const [head] = await session.query<ChainHead>('select seq::float8 as seq, hash from history_head');
  const upTo = Math.max(noted.seq, head?.seq ?? 0);
  if (upTo > last.seq) return { fits: false, violation: { kind: 'cut', seq: last.seq, upTo } };
  if (head?.seq !== last.seq || head.hash !== last.hash) return rewritten(last);
  const drift = await findDrift(session);
  return drift
    ? { fits: false, violation: { kind: 'drift', ...drift } }
    : { fits: true, head: last, erased: erased.size };
}

const at = `to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Selects the events of a record. `fields` is null where it has no events in form 1. */
const link = (
  table: string,
  {
    record,
    id,
    version,
    fields,
    rest,
    people,
  }: Record<'record' | 'id' | 'version' | 'rest' | 'people', string> & {
    fields?: string;
  },
) => `
  select seq::float8 as seq, hash, '${record}' as record, ${id}::float8 as id, ${version} as version, chain, salt::text as salt, personal,
    chain = 1 and coalesce(personal, to_jsonb(${table}) ->> 'covers') is not null as loose, ${fields ? `case chain when 1 then jsonb_build_array(${fields}, ${at}) end` : 'null'} as fields,
    jsonb_build_array('${record}', ${rest}, ${at}) as rest, jsonb_build_array(${people}) as people
  from ${table}`;

const linksOf = [
  link('history', {
    ...{ record: 'registration', id: 'registration_id', version: 'version' },
    fields: 'registration_id, version, actor, action, from_status, to_status, reason',
    rest: 'registration_id, version, action, from_status, to_status, covers',
    people: 'actor, reason',
  }),
  link('application_history', {
    ...{ record: 'application', id: 'application_id', version: 'version' },
    fields: "'application', application_id, version, actor, action, name, added, removed",
    rest: 'application_id, version, action, name, covers',
    people: 'actor, added, removed',
  }),
  link('service_changes', {
    ...{ record: 'service', id: 'service_id', version: 'version' },
    fields: "'service', service_id, version, actor, before, after",
    rest: "service_id, version, before - 'approvers', after - 'approvers', covers",
    people: "actor, before -> 'approvers', after -> 'approvers'",
  }),
  link('access_history', {
    ...{ record: 'access', id: 'application_id', version: 'version' },
    fields: "'access', application_id, version, actor, action, gateway, subject",
    rest: 'application_id, version, action, gateway, subject',
    people: 'actor',
  }),
  link('audit_baselines', {
    ...{ record: 'baseline', id: 'number', version: '1' },
    rest: 'number, record, facts',
    people: 'people',
  }),
  link('erasures', {
    ...{ record: 'erasure', id: 'number', version: '1' },
    rest: 'number, mark, events',
    people: 'actor',
  }),
];

const rewritten = ({ seq }: ChainHead): VerifyResult => ({ fits: false, violation: { kind: 'rewritten', seq } });

/** Maps the events that were erased to the digest of what they say since the last time. */
async function erasedEvents(session: Session): Promise<Map<number, string>> {
  const rows = await session.query<{ seq: number; digest: string }>(
    'select key::float8 as seq, value as digest from erasures, jsonb_each_text(events) order by number',
  );
  return new Map(rows.map(({ seq, digest }) => [seq, digest]));
}

function violationOf(before: ChainHead, link: Link, erased: string | undefined): ChainViolation | undefined {
  const { seq, record, id, version } = link;
  const of = { record, id };
  if (seq <= before.seq) return { kind: 'unchained', of, version };
  if (seq > before.seq + 1) return { kind: 'missing', seq: before.seq + 1 };
  return vouches(before.hash, link, erased) ? undefined : { kind: 'changed', seq, of, version };
}

/**
 * Tells whether an event is what its hash is over: in form 2, what names people is so through a salted digest. An erased event
 * is what its erasure says, another event; in form 1 that goes for all of it, and its hash is vouched for by the next one's.
 */
function vouches(before: string, link: Link, erased: string | undefined): boolean {
  const { seq, hash, chain, loose, salt, personal, fields, rest, people } = link;
  if (chain === 1) {
    if (fields === null || loose) return false;
    return erased ? erased === digest([salt, ...fields]) : salt === null && hash === digest([before, seq, ...fields]);
  }
  return (erased ?? personal) === digest([salt, ...people]) && hash === digest([before, seq, chain, ...rest, personal]);
}

const digest = (fields: Json[]): string => createHash('sha256').update(canonicalJson(fields)).digest('hex');

/** Writes JSON as the text of PostgreSQL's `jsonb` does: strings as in JavaScript, a space after each comma and colon. */
function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${canonicalJson(one)}`);
  return `{${fields.join(', ')}}`;
}
