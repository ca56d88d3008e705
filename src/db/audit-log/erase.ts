/**
 * Erases a person: replaces their id, and the reasons that they wrote, in the rows and in the record. The record says of
 * itself what was erased: each batch is an event, which vouches for what the events of the batch say since then, and the
 * database lets an event change in no other way (the migration erasures).
 */
import { databaseAddress } from '../connection/database-url.ts';
import { openSession, type Session } from '../connection/session.ts';
import { noLimits } from '../connection/settings.ts';

export type Erasure = {
  /** What replaces the id; null where nothing of the person was found. */
  mark: string | null;
  /** How many events of the record were changed. */
  events: number;
};

export type EraseResult =
  | { ok: true; erasure: Erasure }
  /** The person still holds something: what, in words, with the names. */
  | { ok: false; holds: string[] };

/** How many subjects are erased in one transaction, which holds the head of the chain for its last part. */
const batch = 200;

/** Replaces a person. What was erased before an interruption stays erased; running it again erases the rest. */
export async function erase(url: string, person: string, by: string | null, at: Date): Promise<EraseResult> {
  const session = await openSession(databaseAddress(url), {
    applicationName: 'registrar-erase',
    settings: noLimits,
    writes: true,
  });
  try {
    const holds = await holdings(session, person);
    if (holds.length > 0) return { ok: false, holds };
    // From the sequence: two that run at once, and one that no event named, never share a mark.
    const [next] = await session.query<{ mark: string }>(
      `select 'erased-' || nextval(pg_get_serial_sequence('erasures', 'number')) as mark`,
    );
    const mark = next?.mark ?? '';
    let events = 0;
    let found = false;
    for (const { subjects, lock, rows, records } of parts) {
      const ids = (await session.query<{ id: number }>(subjects, [person])).map(({ id }) => id);
      for (let from = 0; from < ids.length; from += batch) {
        const which = JSON.stringify(ids.slice(from, from + batch));
        found = true;
        await session.query('begin');
        if (lock) await session.query(lock, [which]);
        for (const statement of rows) await session.query(statement, [person, mark, which]);
        events += await eraseEvents(session, records, { person, mark, by, at, which });
        await session.query('commit');
      }
    }
    for (const statement of traces) await session.query(statement, [person]);
    return { ok: true, erasure: { mark: found ? mark : null, events } };
  } finally {
    await session.close();
  }
}

/** Lists what a person holds, which would be left without an owner. */
async function holdings(session: Session, person: string): Promise<string[]> {
  const rows = await session.query<{ what: string }>(
    `select 'the application ' || name as what from applications a join application_owners on application_id = a.id
       where user_id = $1 and deleted_at is null
     union all select 'a pending request for ' || s.name from registrations r join services s on s.id = r.service_id
       where requester = $1 and status = 'pending'
     union all select 'the decisions about ' || name from services where $1 = any(approvers)
     order by 1`,
    [person],
  );
  return rows.map(({ what }) => what);
}

/** A record with events: the columns that name people, as SQL of their value after the erasure, as `jsonb`. */
type Chained = { table: string; of: string; touched: string; columns: { [column: string]: string } };

const replaced = (column: string) => `to_jsonb(case ${column} when $1 then $2 else ${column} end)`;
const replacedIn = (column: string) => `to_jsonb(array_replace(${column}, $1, $2))`;
/** Ids have no character that JSON escapes: with its quotes, an id is found only where it is a whole text. */
const replacedInJson = (column: string) =>
  `replace(${column}::text, to_jsonb($1::text)::text, to_jsonb($2::text)::text)::jsonb`;

const history: Chained = {
  table: 'history',
  of: 'registration_id',
  touched: 'actor = $1',
  columns: {
    actor: replaced('actor'),
    reason: "to_jsonb(case when actor = $1 and reason is not null then '(erased)' else reason end)",
  },
};
const applicationHistory: Chained = {
  table: 'application_history',
  of: 'application_id',
  touched: '(actor = $1 or $1 = any(added) or $1 = any(removed))',
  columns: { actor: replaced('actor'), added: replacedIn('added'), removed: replacedIn('removed') },
};
const serviceChanges: Chained = {
  table: 'service_changes',
  of: 'service_id',
  touched: "(actor = $1 or before -> 'approvers' ? $1 or after -> 'approvers' ? $1)",
  columns: {
    actor: replaced('actor'),
    before: `case when before ? 'approvers' then jsonb_set(before, '{approvers}', ${replacedInJson("(before -> 'approvers')")}) else before end`,
    after: `case when after ? 'approvers' then jsonb_set(after, '{approvers}', ${replacedInJson("(after -> 'approvers')")}) else after end`,
  },
};
const accessHistory: Chained = {
  table: 'access_history',
  of: 'application_id',
  touched: 'actor = $1',
  columns: { actor: replaced('actor') },
};
const baselines: Chained = {
  table: 'audit_baselines',
  of: 'number',
  touched: `jsonb_path_exists(people, '$.*[*] ? (@ == $who)', jsonb_build_object('who', $1::text))`,
  columns: { people: replacedInJson('people') },
};
const erasures: Chained = {
  table: 'erasures',
  of: 'number',
  touched: 'actor = $1',
  columns: { actor: replaced('actor') },
};

/** Selects a batch: `$3` are the ids of its subjects. */
const inBatch = (column: string, parameter = '$3') =>
  `${column} in (select value::bigint from jsonb_array_elements_text(${parameter}::text::jsonb))`;

const eventsOf = ({ table, of, touched }: Chained) => `select ${of} as id from ${table} where ${touched}`;

/**
 * The parts of an erasure: whose rows are found by `subjects`, locked, and changed before the events of their records, which
 * lock the head of the chain (see `append`).
 */
const parts: { subjects: string; lock?: string; rows: string[]; records: Chained[] }[] = [
  {
    subjects: `select id::float8 as id from (${eventsOf(history)} union select id from registrations
      where requester = $1 or changed_by = $1 or put_off_by = $1 or $1 = any(owners_at_request)) found order by 1`,
    lock: `select from registrations where ${inBatch('id', '$1')} order by id for update`,
    rows: [
      // A running bot compares the cards with it, and updates them.
      `update registrations r set card_changes = card_changes + 1,
        requester = case requester when $1 then $2 else requester end,
        changed_by = case changed_by when $1 then $2 else changed_by end,
        put_off_by = case put_off_by when $1 then $2 else put_off_by end,
        owners_at_request = array_replace(owners_at_request, $1, $2),
        change_reason = case when changed_by = $1 and change_reason is not null then '(erased)' else change_reason end,
        reason = case when $1 = (select actor from history h where h.registration_id = r.id
            and action in ('request', 'edit') and h.reason is not null order by version desc limit 1)
          then '(erased)' else reason end
      where ${inBatch('id')}`,
    ],
    records: [history],
  },
  {
    subjects: `select id::float8 as id from (${eventsOf(applicationHistory)} union ${eventsOf(accessHistory)}
      union select id from applications where created_by = $1
      union select application_id from application_owners where user_id = $1
      union select application_id from application_keys where made_by = $1 or removed_by = $1) found order by 1`,
    lock: `select from applications where ${inBatch('id', '$1')} order by id for update`,
    rows: [
      `update applications set created_by = $2 where created_by = $1 and ${inBatch('id')}`,
      `update application_owners set user_id = $2 where user_id = $1 and ${inBatch('application_id')}`,
      `update application_keys set made_by = case made_by when $1 then $2 else made_by end,
        removed_by = case removed_by when $1 then $2 else removed_by end where ${inBatch('application_id')}`,
    ],
    records: [applicationHistory, accessHistory],
  },
  {
    subjects: `${eventsOf(serviceChanges).replace(' as id', '::float8 as id')} group by 1 order by 1`,
    rows: [],
    records: [serviceChanges],
  },
  { subjects: `${eventsOf(baselines).replace(' as id', '::float8 as id')} order by 1`, rows: [], records: [baselines] },
  { subjects: `${eventsOf(erasures).replace(' as id', '::float8 as id')} order by 1`, rows: [], records: [erasures] },
];

/** What else names a person, and is no evidence: it is removed. */
const traces = [
  'delete from homes where user_id = $1',
  `delete from outbox where lane ~ ('(^|:)' || $1 || '(:|$)') or destination = $1
    or jsonb_path_exists(effect, '$.** ? (@ == $who)', jsonb_build_object('who', $1::text))`,
  'delete from channel_turns where channel = $1',
  'delete from troubles where place = $1',
  'delete from pending_messages where person = $1',
  'delete from approver_messages where person = $1',
  'delete from reminded_approvers where approver = $1',
  'delete from reminder_messages where channel = $1',
  'delete from owner_messages where person = $1',
];

type Batch = { person: string; mark: string; by: string | null; at: Date; which: string };

/** Appends the erasure of a batch, then changes its events as it says. Returns how many. */
async function eraseEvents(session: Session, records: Chained[], one: Batch): Promise<number> {
  const parameters = [one.person, one.mark, one.which];
  const found: { table: string; seq: number; salt: string; digest: string }[] = [];
  for (const record of records)
    found.push(...(await session.query<(typeof found)[number]>(digestsOf(record), parameters)));
  if (found.length === 0) return 0;
  const digests = JSON.stringify(Object.fromEntries(found.map(({ seq, digest }) => [seq, digest])));
  const [appended] = await session.query<{ number: number }>(
    `insert into erasures (mark, actor, events, at) values ($1, $2, $3::text::jsonb, $4) returning number::float8 as number`,
    [one.mark, one.by, digests, one.at.toISOString()],
  );
  await session.query(`select set_config('registrar.erasure', $1, true)`, [String(appended?.number)]);
  for (const record of records) {
    const salts = JSON.stringify(found.filter(({ table }) => table === record.table));
    const columns = Object.keys(record.columns);
    await session.query(
      `with salted as (select * from jsonb_to_recordset($4::text::jsonb) as salted(seq bigint, salt uuid)),
        after as (select event.seq, salted.salt, ${columns.map((column) => `erased.${column}`).join(', ')}
          from ${record.table} event join salted using (seq), lateral ${erasedRow(record)} erased where ${inBatch(`event.${record.of}`)})
      update ${record.table} event set salt = after.salt, ${columns.map((column) => `${column} = after.${column}`).join(', ')}
      from after where event.seq = after.seq`,
      [...parameters, salts],
    );
  }
  return found.length;
}

/** Writes the expression of an event's row as it is after the erasure. */
const erasedRow = ({ columns }: Chained) =>
  `jsonb_populate_record(event, jsonb_build_object(${Object.entries(columns)
    .map(([column, value]) => `'${column}', ${value}`)
    .join(', ')}))`;

/** Selects the events of a batch that name the person, with a new salt and the digest of what they will say. */
const digestsOf = (record: Chained) => `
  select '${record.table}' as table, seq::float8 as seq, salt::text as salt,
    audit_digest(jsonb_build_array(salt) || case chain when 1 then audit_fields(erased) else audit_people(erased) end) as digest
  from (
    select event.seq, event.chain, gen_random_uuid() as salt, ${erasedRow(record)} as erased
    from ${record.table} event where ${record.touched} and ${inBatch(`event.${record.of}`)} order by seq) found`;
