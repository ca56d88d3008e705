/**
 * The chain: each event carries a hash over the one before and over itself, written by a trigger as it is recorded (the
 * migration history-is-chained). Here it is computed again, from the rows and by other code, so that what does not fit is
 * found.
 */
import { createHash } from 'node:crypto';
import postgres from 'postgres';

/** The last link: what stands for the whole record up to it. */
export type Head = { seq: number; hash: string };

/** What the first event's hash is over instead of one before it. */
const origin = '0'.repeat(64);

type Link = Head & {
  registration: number;
  version: number;
  actor: string | null;
  action: string;
  from: string | null;
  to: string;
  reason: string | null;
  at: string;
};

/** Why an event does not fit: where the record stopped being what was written. */
export type Misfit =
  /** It is not there: the next one is. */
  | { kind: 'missing'; seq: number }
  /** It is not as it was written, or not the one that was written there. */
  | { kind: 'changed'; seq: number; registration: number; version: number }
  /** It was put in without being chained. */
  | { kind: 'unchained'; registration: number; version: number }
  /** The record ends before its head does, or before the head that was noted elsewhere. */
  | { kind: 'cut'; seq: number; upTo: number }
  /** Events fit that the head, or the one noted elsewhere, does not know: it was written anew. */
  | { kind: 'rewritten'; seq: number }
  /** A registration is not in the state that its last event left it in. */
  | { kind: 'disowned'; registration: number };

export type Verdict = { fits: true; head: Head } | { fits: false; misfit: Misfit };

/** How many events are in memory at a time. */
const batch = 1_000;

/**
 * Reads the whole record in the order of the chain and says whether it is as it was written, or the first event that is
 * not. `noted` is a head from an earlier look, kept where nobody who can write to this database can. One moment's view.
 */
export async function verify(url: string, noted: Head = { seq: 0, hash: origin }): Promise<Verdict> {
  const client = postgres(url, {
    max: 1,
    connect_timeout: 5,
    onnotice: () => {},
    connection: { application_name: 'registrar-audit', statement_timeout: 0, idle_in_transaction_session_timeout: 0 },
  });
  try {
    const verdict = await client.begin('isolation level repeatable read read only', (tx) => follow(tx, noted));
    return verdict;
  } finally {
    await client.end({ timeout: 5 });
  }
}

async function follow(tx: postgres.TransactionSql, noted: Head): Promise<Verdict> {
  let last: Head = { seq: 0, hash: origin };
  const links = tx<Link[]>`
    select seq::float8 as seq, hash, registration_id::float8 as registration, version, actor, action,
      from_status as "from", to_status as "to", reason,
      to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
    from history order by seq`.cursor(batch);
  for await (const some of links) {
    for (const link of some) {
      const misfit = misfitOf(last, link);
      if (misfit) return { fits: false, misfit };
      last = { seq: link.seq, hash: link.hash };
      if (last.seq === noted.seq && last.hash !== noted.hash) return rewritten(last);
    }
  }
  const [head] = await tx<Head[]>`select seq::float8 as seq, hash from history_head`;
  const upTo = Math.max(noted.seq, head?.seq ?? 0);
  if (upTo > last.seq) return { fits: false, misfit: { kind: 'cut', seq: last.seq, upTo } };
  if (head?.seq !== last.seq || head.hash !== last.hash) return rewritten(last);
  const registration = await disowned(tx);
  return registration === undefined
    ? { fits: true, head: last }
    : { fits: false, misfit: { kind: 'disowned', registration } };
}

const rewritten = ({ seq }: Head): Verdict => ({ fits: false, misfit: { kind: 'rewritten', seq } });

function misfitOf(before: Head, link: Link): Misfit | undefined {
  const { seq, registration, version } = link;
  if (seq <= before.seq) return { kind: 'unchained', registration, version };
  if (seq > before.seq + 1) return { kind: 'missing', seq: before.seq + 1 };
  return link.hash === hashOf(before.hash, link) ? undefined : { kind: 'changed', seq, registration, version };
}

/** As PostgreSQL writes JSON: its strings are JavaScript's, and a comma is followed by a space. */
function hashOf(before: string, { seq, registration, version, actor, action, from, to, reason, at }: Link): string {
  const text = [before, seq, registration, version, actor, action, from, to, reason, at].map((part) =>
    JSON.stringify(part),
  );
  return createHash('sha256')
    .update(`[${text.join(', ')}]`)
    .digest('hex');
}

/** A registration whose status or version is not the one of its last event. */
async function disowned(tx: postgres.TransactionSql): Promise<number | undefined> {
  const [found] = await tx<{ id: number }[]>`
    select r.id::float8 as id from registrations r
    left join lateral (
      select version, to_status from history where registration_id = r.id order by version desc limit 1) as last on true
    where (r.version, r.status) is distinct from (last.version, last.to_status)
    order by r.id limit 1`;
  return found?.id;
}
