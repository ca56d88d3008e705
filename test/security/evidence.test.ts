/**
 * What `audit --verify` sees: every column of every table is changed in turn, behind the bot's back, and each time the
 * verification names it. What is not evidence is listed here, with the reason; a column that is in neither list fails.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatVerifyResult } from '../../src/cli/audit/verify-report.ts';
import { type VerifyResult, verify } from '../../src/db/audit-log/hash-chain.ts';
import { migrateDatabase } from '../../src/db/migrate.ts';
import { tableNames } from '../../src/db/requirements.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { openGatewayScenario } from '../support/gateway.ts';
import { delivered } from '../support/outbox.ts';
import { asks, people, requests } from '../support/steps.ts';
import { createVersion01 } from '../support/upgrade/version-0.1.ts';

/** What is compared with the record: the columns that are not evidence, and why; and the row that is changed. */
const compared: Record<string, { row: string; bookkeeping: Record<string, string> }> = {
  registrations: {
    row: 'change_reason is not null',
    bookkeeping: {
      form: 'which form was sent: it only keeps the same form from creating something twice',
      card_channel: 'where the card is: a card that is elsewhere is found missing, and posted again',
      card_ts: 'as card_channel',
      card_version: 'what the card shows: it is compared with the row, and updated',
      card_changes: 'as card_version',
      card_checked_at: 'when the card was last compared',
      card_differs: 'what the last comparison found',
      remind_at: 'reminders: they are about what waits, and decide nothing',
      reminders: 'as remind_at',
      first_reminded_at: 'as remind_at',
      reminded_at: 'as remind_at',
      reminded_in: 'as remind_at',
      escalated_in: 'as remind_at',
      put_off_by: 'who snoozed a reminder: as remind_at',
    },
  },
  applications: { row: 'deleted_at is null', bookkeeping: {} },
  application_owners: { row: 'true', bookkeeping: {} },
  services: { row: "slug = 'payments'", bookkeeping: {} },
  application_access: {
    row: 'open',
    bookkeeping: {
      registration_id: 'which registration shows it: worked out from the registrations at each look',
      wanted: 'as registration_id',
      change: 'the id of the change that is on its way',
      failure: 'why the gateway was not as wanted',
      failing_since: 'as failure',
      announce: 'whether an owner waits for a message',
      told_at: 'when the admin channel was told',
    },
  },
  application_keys: {
    row: 'gone',
    bookkeeping: {
      id: 'the name of the key at the gateway, which the record leaves out',
      made_at: 'when the making began; the record has when the key was shown',
      removed_at: 'when the removal began; the record has when the gateway confirmed it',
      back: 'that the gateway had it once more; the record has when it was gone first',
    },
  },
};

/** The record itself: a change of any of its columns breaks the chain. */
const records = [
  'history',
  'application_history',
  'service_changes',
  'access_history',
  'audit_baselines',
  'erasures',
  'history_head',
];

/** Tables that are not evidence, and why. */
const notEvidence: Record<string, string> = {
  homes: 'what a Home shows, drawn from the rows',
  outbox: 'what is on its way, drawn from the rows when it is sent',
  troubles: 'what Slack refused',
  orphans: 'where the message about an ownerless application is: its events are in application_history',
  served_ticks: 'the times of reminders',
  reminder_messages: 'where reminders are',
  applied_catalog: 'which file was applied last: what it changed is in service_changes',
  channel_turns: 'when Slack takes messages again',
  pending_messages: 'where a message to a requester is',
  policy_in_force: 'what the newest start was told of who decides: each start writes it again',
  channel_ids: 'which ids of channels Slack has changed: what followed is in service_changes',
  unknown_ids: 'how many clicks and forms named what is not in this database',
  workspace: 'which workspace and app it belongs to: a start in another is refused',
  approver_messages: 'where a message to an approver is',
  reminded_approvers: 'whom a reminder has reached',
  owner_messages: 'where a message to an owner is, and what updates it',
};

type Column = { table: string; column: string; type: string };

const columnsOf = ({ sql }: TestDatabase) => sql<Column[]>`
  select table_name as table, column_name as column, udt_name as type from information_schema.columns
  where table_schema = 'public' and is_generated = 'NEVER' order by table_name, ordinal_position`;

/** Another value of a column, as SQL. */
function otherValue({ table, column, type }: Column): string {
  if (column === 'only') return 'only';
  if (table === 'registrations' && column === 'status') return "'approved'";
  if (column === 'managed_by') return "case managed_by when 'file' then 'slack' else 'file' end";
  const values: Record<string, string> = {
    text: `coalesce(${column}, '') || 'x'`,
    _text: `array_append(${column}, 'U0EVE')`,
    bool: `not coalesce(${column}, false)`,
    int2: `3 - ${column}`,
    int4: `${column} + 1000`,
    int8: `${column} + 1000`,
    timestamptz: `coalesce(${column}, now()) + interval '1 millisecond'`,
    uuid: 'gen_random_uuid()',
    jsonb: `jsonb_build_object('approvers', '["U0EVE"]'::jsonb, 'publicId', 'x')`,
  };
  const value = values[type];
  if (!value) throw new Error(`no other value of a ${type} is known, for ${column}`);
  return value;
}

/** Changes a column of a row as the owner of the tables can, verifies, and puts it back. */
async function tamperedWith(database: TestDatabase, one: Column, row: string): Promise<VerifyResult | 'no row'> {
  const { sql, url } = database;
  const { table, column } = one;
  const [before] = await sql.unsafe(
    `select ctid::text as place, "${column}"::text as value from ${table} where ${row} limit 1`,
  );
  if (!before) return 'no row';
  const change = async (value: string, place: string) => {
    const [changed] = await sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      return tx.unsafe(
        `update ${table} set "${column}" = ${value} where ctid = '${place}' returning ctid::text as place`,
      );
    });
    return String(changed?.place);
  };
  const place = await change(otherValue(one), before.place);
  const result = await verify(url);
  const old = before.value === null ? 'null' : `'${String(before.value).replaceAll("'", "''")}'::${one.type}`;
  await change(old, place);
  return result;
}

const plain = (name: string) => name.replaceAll('_', '').toLowerCase();

/** Walks all columns of the compared tables and of the records. Lists those whose change is not named as it should be. */
async function unnamed(database: TestDatabase, withoutRows: string[] = []): Promise<string[]> {
  await database.sql`alter table registrations alter id drop identity`;
  await database.sql`alter table applications alter id drop identity`;
  await database.sql`alter table services alter id drop identity`;
  await database.sql`alter table audit_baselines alter number drop identity`;
  await database.sql`alter table erasures alter number drop identity`;
  expect(formatVerifyResult(await verify(database.url))).toMatch(/^All \d+ events fit/);
  const wrong: string[] = [];
  let changes = 0;
  for (const one of await columnsOf(database)) {
    const { table, column } = one;
    const rows = compared[table];
    if (!(rows || records.includes(table)) || rows?.bookkeeping[column] || column === 'only') continue;
    const result = await tamperedWith(database, one, rows?.row ?? 'true');
    if (result === 'no row') {
      if (!withoutRows.includes(table)) wrong.push(`${table} has no row to change`);
      continue;
    }
    changes += 1;
    const named =
      !result.fits &&
      (result.violation.kind !== 'drift' ||
        result.violation.why !== 'differs' ||
        !rows ||
        ['application_owners', 'application_access', 'application_keys'].includes(table) ||
        result.violation.columns.map(plain).includes(plain(column)));
    if (!named) wrong.push(`${table}.${column}: ${formatVerifyResult(result)}`);
  }
  expect(changes).toBeGreaterThan(60);
  expect(formatVerifyResult(await verify(database.url))).toMatch(/^All \d+ events fit/);
  return wrong;
}

const inChannel = (service: string) => ({ in: 'api-requests', on: new RegExp(service) });

describe('what the bot wrote', () => {
  let scenario: Awaited<ReturnType<typeof openGatewayScenario>>;
  beforeAll(async () => {
    scenario = await openGatewayScenario();
    const { dana, alex, sam } = people(scenario);
    await requests(dana, alex, 'Payments API');
    await alex.clicks('Approve', inChannel('Payments API'));
    for (const button of ['Get key', 'New key']) {
      await dana.clicks('Get key', { in: 'messages' });
      if (button === 'New key') await dana.clicks(button, { in: 'modal' });
      await dana.finds(/rg_/, { in: 'modal' });
      await dana.closes();
    }
    await dana.clicks('Get key', { in: 'messages' });
    await dana.clicks('Remove old key', { in: 'modal' });
    await dana.closes();
    await requests(sam, alex, 'Ledger API', 'Till');
    await alex.clicks('Approve', inChannel('Ledger API'));
    await alex.clicks('Revoke', inChannel('Ledger API'));
    await alex.fills('Reason', 'The audit found something');
    await alex.submits();
    await asks(sam, ['Docs API'], 'Till');
    await delivered(scenario);
  });
  afterAll(() => scenario[Symbol.asyncDispose]());

  it('each column is evidence, or said not to be', async () => {
    expect(await unnamed(scenario.database, ['audit_baselines', 'erasures'])).toEqual([]);
  });

  it('each table is evidence, or said not to be, and its rights are checked', async () => {
    const tables = await scenario.database.sql<{ name: string }[]>`
      select table_name as name from information_schema.tables where table_schema = 'public'`;
    const names = tables.map(({ name }) => name).sort();
    expect(names).toEqual([...Object.keys(compared), ...records, ...Object.keys(notEvidence)].sort());
    expect(tableNames.toSorted()).toEqual(names);
  });

  /** Runs a statement without the triggers, as the owner of the tables can, in a copy of the database, and verifies it. */
  async function verdictOf(statement: string): Promise<string> {
    await using copy = await createDatabase();
    const { sql } = scenario.database;
    await copy.sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`delete from history_head`;
      for (const table of [...Object.keys(compared), ...records]) {
        const columns = (await columnsOf(copy)).filter((one) => one.table === table).map(({ column }) => `"${column}"`);
        const [all] = await sql.unsafe(`select json_agg(t)::text as rows from ${table} t`);
        await tx.unsafe(
          `insert into ${table} (${columns}) overriding system value
           select ${columns} from json_populate_recordset(null::${table}, $1::text::json)`,
          [all?.rows ?? '[]'],
        );
      }
      await tx.unsafe(statement);
    });
    return formatVerifyResult(await verify(copy.url));
  }

  it.each([
    ['nothing', 'select 1', /^All \d+ events fit/],
    [
      'a service',
      "insert into services (id, slug, name, managed_by) overriding system value values (99, 'own', 'Own', 'slack')",
      /^Service 99 does not fit: the record has no beginning of it/,
    ],
    [
      'an application',
      "insert into applications (id, name, created_by, created_at) overriding system value values (99, 'Own', 'U0EVE', now())",
      /^Application 99 does not fit: the record has no beginning of it/,
    ],
    [
      'a registration',
      `insert into registrations (id, application_id, service_id, requester, reason, form, status, version, requested_at, changed_at)
        overriding system value select 99, 1, id, 'U0EVE', 'mine', 'V', 'approved', 1, now(), now() from services where slug = 'docs'`,
      /^Registration 99 does not fit: the record has no beginning of it/,
    ],
    [
      'open access',
      `insert into application_access (application_id, gateway, group_name, registration_id, wanted, open, since)
        values (2, 'edge', 'payments', 1, true, true, now())`,
      /^The access of application 2 does not fit: .*open/,
    ],
    [
      'a key',
      `insert into application_keys (id, application_id, gateway, last_four, made_by, made_at, shown)
        values (gen_random_uuid(), 2, 'edge', 'abcd', 'U0EVE', now(), true)`,
      /^The access of application 2 does not fit: .*keys/,
    ],
  ])('%s that was put in is named', async (_, statement, said) => {
    expect(await verdictOf(statement)).toMatch(said);
  });

  it.each([
    'registrations',
    'applications',
    'services',
    'application_owners',
    'application_access',
    'application_keys',
  ])('a row of %s that was removed is named', async (table) => {
    expect(
      await verdictOf(
        `delete from ${table} where ctid = (select min(ctid) from ${table} where ${compared[table]?.row})`,
      ),
    ).toMatch(/does not fit/);
  });
});

describe('what version 0.1 wrote', () => {
  it('is evidence from the upgrade on', async () => {
    await using database = await createVersion01();
    await migrateDatabase(database.url);
    expect(
      await unnamed(database, [
        'erasures',
        'application_access',
        'application_keys',
        'access_history',
        'service_changes',
      ]),
    ).toEqual([]);
  });
});
