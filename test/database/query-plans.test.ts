/** What people do costs few statements, and none that reads a table from end to end which grows with the years. */
import postgres from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lookAtForgotten } from '../../src/db/access/compare.ts';
import * as applications from '../../src/db/application/applications.ts';
import * as history from '../../src/db/audit-log/append.ts';
import { type Connection, connect, planIsKept } from '../../src/db/client.ts';
import type { Db } from '../../src/db/db.ts';
import * as queue from '../../src/db/home/approval-queue.ts';
import * as homes from '../../src/db/home/homes.ts';
import * as turns from '../../src/db/outbox/channel-pacing.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import * as cards from '../../src/db/registration/cards.ts';
import * as registrations from '../../src/db/registration/registrations.ts';
import * as requests from '../../src/db/registration/requests.ts';
import * as changes from '../../src/db/registration/transitions.ts';
import * as direct from '../../src/db/scheduling/direct-reminders.ts';
import * as reminders from '../../src/db/scheduling/reminders.ts';
import * as catalog from '../../src/db/service/picker-search.ts';
import * as catalogPages from '../../src/db/service/services.ts';
import type { Memberships } from '../../src/domain/authorization.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { years } from '../support/large-history.ts';

type Statement = { text: string; params: unknown[] };

let database: TestDatabase;
let client: postgres.Sql;
let connection: Connection;
let db: Db;
const seen: Statement[] = [];

beforeAll(async () => {
  database = await createDatabase();
  await years(database);
  await database.sql`
    update services set public_id = ('00000000-0000-4000-8000-' || lpad(id::text, 12, '0'))::uuid where id between 4001 and 4004`;
  await database.sql`update registrations set public_id = ${publicId(7)} where id = 7`;
  await database.sql`
    update services set access = ${'{"gateway":"edge","group":"payments","credential":"key"}'}::text::jsonb where id between 4005 and 4008`;
  await database.sql`analyze services`;
  client = postgres(database.url, { max: 1, onnotice: () => {} });
  const logger = { logQuery: (text: string, params: unknown[]) => void seen.push({ text, params }) };
  const outbox = createOutbox();
  connection = connect(database.url, {}, logger);
  db = { tables: connection.tables, outbox };
});
afterAll(async () => {
  await connection.close();
  await client.end();
  await database[Symbol.asyncDispose]();
});

const at = new Date('2026-11-02T09:00:00Z');
const policy = { approvers: ['U0ALEX'], adminChannel: 'C0ADMIN', allowSelfApproval: false, allowExternal: false };
const memberships: Memberships = { account: 'member', of: new Map() };
const page = { asked: 3, size: 10 };
const all = { serviceId: null, search: '' };
const everything = async () => ({
  person: 'U0ALEX',
  services: (await queue.listRules(db)).flatMap(({ services }) => services),
  own: false,
});
/** The public id that a row of this id is given below. */
const publicId = (id: number) => `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`;

const request = (services: number[], form: string) => ({
  services: services.map(publicId),
  application: { name: `New ${form}` },
  requester: 'U0DANA',
  reason: 'why',
  form,
  at,
  remindAt: at,
  autoApprove: false,
  maxPending: 20,
  maxPerHour: 40,
  maxApplications: 100,
  account: 'member' as const,
  policy,
});

/** What is done, and with how many statements, besides the beginning and the end of a transaction. */
const acts: [string, number, () => Promise<unknown>][] = [
  ['the service picker opens', 1, () => catalog.search(db, '', 100)],
  ['a keystroke that many names begin with', 1, () => catalog.search(db, 'p', 100)],
  ['a keystroke that is in every name', 1, () => catalog.search(db, 'api', 100)],
  ['a keystroke that few names have', 1, () => catalog.search(db, 'team 4321', 100)],
  ['a keystroke that no name has', 1, () => catalog.search(db, 'zz', 100)],
  ['a service named in the command', 1, () => catalog.findByExactName(db, 'Payments API 40')],
  ['the application picker', 1, () => applications.searchOwned(db, 'U0DANA', 'app', 99)],
  ['a name in the application picker', 1, () => applications.findTaken(db, ['App 7', 'New app'])],
  ['the form is sent', 9, () => requests.create(db, request([4001], 'one'))],
  ['a form with three services is sent', 9, () => requests.create(db, request([4002, 4003, 4004], 'three'))],
  [
    'a click: who may decide is to be found out',
    1,
    () => registrations.resolve(db, { publicId: publicId(7), seen: 1 }),
  ],
  [
    'the click: decided',
    7,
    () => changes.apply(db, { id: 8, seen: 1, action: 'approve', by: 'U0ALEX', at, policy, memberships }),
  ],
  ['the /unregister picker', 1, () => registrations.searchUnregistrable(db, 'U0DANA', 'pay', 100)],
  [
    '/registrations, and what Home has of oneself',
    2,
    () => applications.listOwned(db, 'U0DANA', { asked: 1, size: 30 }),
  ],
  ['the queue: who decides about what waits', 1, () => queue.listRules(db)],
  ['the queue: a page of it, and who decides', 3, async () => queue.listPage(db, await everything(), all, page)],
  [
    'the queue: narrowed by name, and who decides',
    3,
    async () => queue.listPage(db, await everything(), { serviceId: 8, search: 'app' }, page),
  ],
  ['a page of the catalog in Home', 2, () => catalogPages.listPage(db, { search: '', retired: false }, page)],
  ['a search of the catalog in Home', 2, () => catalogPages.listPage(db, { search: 'team 4321', retired: true }, page)],
  ['a card is drawn', 3, () => cards.find(db, 15_000, policy)],
  [
    'a card is posted',
    1,
    () => turns.reserve(db, 'C0ADMIN', { job: { id: 1, attempt: 1, slot: null, pacedIn: null }, requester: 'U0DANA' }),
  ],
  ['a page of the history', 1, () => history.listEvents(db, 15_000, 1, 10)],
  ['Home is opened', 2, () => homes.show(db, 'U0DANA', at)],
  ['Home is taken on to be drawn', 2, () => homes.claim(db, 'U0DANA', false)],
  [
    'whose Homes show an event',
    2,
    async () => {
      await homes.eventOf(db, 15_000, 1);
      await homes.markStale(db, 15_000, ['U0ALEX']);
    },
  ],
  [
    'access is compared with registrations: what has access is read, and looks are enqueued',
    3,
    async () => expect(await lookAtForgotten(db, 500, new Date())).toEqual(new Map([['edge', expect.any(Number)]])),
  ],
  [
    'a reminder tick: it is locked, requests are claimed, and with the last of them it is served and the messages are enqueued',
    5,
    () =>
      reminders.claimReminders(db, { schedule: 'reminders', reading: at }, 'UTC', {
        remindAfter: 1,
        adminChannel: 'C0ADMIN',
        escalationChannel: undefined,
      }),
  ],
  ['a reminder tick: what it has claimed is gone through', 1, () => direct.listClaimed(db, at, undefined, policy)],
  ['a reminder tick: whom it reminds directly', 1, () => direct.effectsOfTick(db, at)],
  ['a reminder tick: which requesters are told', 2, () => direct.tellRequesters(db, at, undefined)],
  ['a reminder tick: whether its reminders are on their way', 1, () => direct.isOnItsWay(db, at)],
  ['a reminder to an approver', 1, () => direct.listOfApprover(db, 'U0ALEX', at, 20)],
];

it.each(acts)('%s: %d', async (_, count, act) => {
  seen.length = 0;
  await act();
  expect(seen.map(({ text }) => text)).toHaveLength(count);
  const read = await Promise.all(seen.filter(({ text }) => !text.includes('"outbox"')).map(readWhole));
  expect(read.flat()).toEqual([]);
});

/**
 * They grow with the years; what is pending does not, nor do the services that have access, nor is what is read in its order
 * and cut off the whole.
 */
const growing = ['services', 'applications', 'application_owners', 'registrations', 'history'];
const mayBeReadInOrder = [
  'registrations_pending',
  'registrations_pending_by_service',
  'registrations_due',
  'services_by_name',
  'services_by_group',
];

type Node = {
  'Node Type': string;
  'Plan Rows': number;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: Node[];
};

/**
 * What a statement reads from end to end: tables that grow, and indexes of theirs without a condition. Where a limit stands
 * right above and more is expected than it takes, the reading ends early.
 */
async function readWhole({ text, params }: Statement): Promise<string[]> {
  const [row] = await database.sql.unsafe(`explain (format json) ${text}`, params as postgres.ParameterOrJSON<never>[]);
  // What a connection keeps may be planned once, for whatever comes (PostgreSQL 16 can show that).
  const kept = planIsKept(text, params.length)
    ? await database.sql.unsafe(`explain (generic_plan, format json) ${text}`)
    : [];
  const nodes = (node: Node, above?: Node): [Node, Node | undefined][] => [
    [node, above],
    ...(node.Plans ?? []).flatMap((below) => nodes(below, node)),
  ];
  return [row, ...kept]
    .flatMap((one) => nodes(one?.['QUERY PLAN'][0].Plan))
    .flatMap(([node, above]) => {
      const { 'Relation Name': table = '', 'Index Name': index = '', 'Index Cond': condition } = node;
      const cutOff = above?.['Node Type'] === 'Limit' && above['Plan Rows'] < node['Plan Rows'];
      if (!growing.includes(table) || cutOff) return [];
      if (node['Node Type'] === 'Seq Scan') return [`${table}: ${text}`];
      const whole = node['Node Type'].startsWith('Index') && condition === undefined;
      return whole && !mayBeReadInOrder.includes(index) ? [`${index}: ${text}`] : [];
    });
}
