/**
 * What access costs: an approval's answer with a gateway and without, and a comparison of everything at a gateway with what
 * was confirmed, among few registrations and among many. The gateway takes 5 ms for each answer.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKong } from '../../../src/access/kong.ts';
import { consumerIdOf, tag, usernameOf } from '../../../src/access/kong-api.ts';
import { compareMissing, comparePage, lookAtForgotten } from '../../../src/db/access/compare.ts';
import { connect } from '../../../src/db/client.ts';
import { createOutbox } from '../../../src/db/outbox/outbox.ts';
import { createHttpClient } from '../../../src/http-client.ts';
import { type LocalGateway, openLocalGateway } from '../../local-gateway/local-gateway.ts';
import { approveAll, drained, fillPending } from '../clicks.ts';
import { type Database, startBot } from '../place.ts';
import { type Answer, type Bench, roundsOf } from '../question.ts';
import { figure, ratio, rounds } from '../rounds.ts';
import { openStandIn } from '../stand-in.ts';
import { median } from '../statistics.ts';
import { milliseconds } from '../words.ts';
import { years } from '../years.ts';

const answersAfter = 5;
const groups = 10;
/** The longest that 10,000 registrations over 1,000 applications may take, in milliseconds. */
const longest = 60_000;

export async function access(bench: Bench): Promise<Answer[]> {
  return [await approval(bench), ...(await reconciling(bench))];
}

async function approval({ place, rounds: count, quick }: Bench): Promise<Answer> {
  const clicks = quick ? 20 : 50;
  await using slack = await openStandIn();
  await using gateway = await slowGateway();
  const [without, withAccess] = [await place.database(), await place.database()];
  for (const database of [without, withAccess]) await fillPending(database, 1);
  await withAccess.sql`update services set access = ${'{"gateway":"edge","group":"payments","credential":"key"}'}::text::jsonb`;
  const folder = await mkdtemp(join(tmpdir(), 'registrar-bench-catalog-'));
  const file = join(folder, 'catalog.yaml');
  await writeFile(file, `services: []\ngateways:\n  - { name: edge, kind: kong, url: "${gateway.url}" }\n`);
  const env = { CATALOG_FILE: file, GATEWAY_EDGE_TOKEN: gateway.token ?? '' };
  await using plain = await startBot(slack, without);
  await using bot = await startBot(slack, withAccess, env);
  const one = async (port: number, database: Database, id: string) => {
    const { perSecond = 1 } = await approveAll([port], database, [id], 1);
    // Each by itself: what an approval causes is over before the next one.
    await drained(database);
    return 1000 / perSecond;
  };
  // Click by click in turn. A click is followed by 50 ms of work without access and by 350 ms with it: one side after the
  // other would compare clicks of different minutes, and those of an idle process with those of a busy one.
  const pairs = async () => {
    const [ours, theirs] = [await fillPending(withAccess, clicks), await fillPending(without, clicks)];
    const took = { bot: [] as number[], plain: [] as number[] };
    for (let index = 0; index < clicks; index += 1) {
      const turns = [
        async () => took.bot.push(await one(bot.port, withAccess, ours[index] ?? '')),
        async () => took.plain.push(await one(plain.port, without, theirs[index] ?? '')),
      ];
      for (const turn of index % 2 === 0 ? turns : turns.toReversed()) await turn();
    }
    return { bot: median(took.bot), plain: median(took.plain) };
  };
  const measured = roundsOf(await rounds({ pairs }, { count }), 'pairs');
  await rm(folder, { recursive: true });
  const of = (side: 'bot' | 'plain') => measured.map((round) => ({ answer: round[side] ?? Number.NaN }));
  const [ours, theirs] = [of('bot'), of('plain')];
  return {
    question: 'Approve, of a service with access: from the click until it is committed',
    bot: milliseconds(figure(ours, 'answer')),
    baseline: `without access: ${milliseconds(figure(theirs, 'answer'))}`,
    ratio: ratio(ours, theirs, 'answer'),
    mustBe: { atMost: 1.1 },
  };
}

async function reconciling(bench: Bench): Promise<Answer[]> {
  const applications = bench.quick ? 50 : 1_000;
  const { few, many, small, large } = await years(bench);
  await using gateway = await slowGateway();
  for (const database of [small, large]) await give(database, applications);
  await fillGateway(gateway, small);
  const settings = {
    name: 'edge',
    kind: 'kong',
    url: gateway.url,
    token: gateway.token ?? '',
    proxy: undefined,
    header: 'apikey',
  } as const;
  const kong = createKong(settings, createHttpClient().fetch);

  /** Compares everything. Of the time, what the gateway took is told apart from what the database took. */
  async function compare(database: Database) {
    const { tables, close } = connect(database.url);
    const db = { tables, outbox: createOutbox() };
    const seen = new Set<number>();
    const began = performance.now();
    let inDatabase = 0;
    const timed = async <T>(work: () => Promise<T>): Promise<T> => {
      const start = performance.now();
      const result = await work();
      inDatabase += performance.now() - start;
      return result;
    };
    let differing = (await timed(() => lookAtForgotten(db, 500, new Date()))).size;
    const ids = new Map<string, string>();
    // Both databases have the same applications, under public ids of their own: the large one is given its own pages.
    const rows =
      await database.sql`select public_id from applications where id in (select application_id from application_access) order by id`;
    const theirs =
      await small.sql`select public_id from applications where id in (select application_id from application_access) order by id`;
    for (const [index, { public_id: id }] of theirs.entries()) ids.set(id, rows[index]?.public_id);
    for await (const page of kong.consumers?.() ?? []) {
      const translated = page.map((one) => ({ ...one, application: ids.get(one.application ?? '') ?? null }));
      differing += (await timed(() => comparePage(db, 'edge', translated, seen, new Date()))).differing;
    }
    differing += (await timed(() => compareMissing(db, 'edge', seen, new Date()))).differing;
    await close();
    if (differing > 0) throw new Error(`${differing} applications differ`);
    return { all: performance.now() - began, database: inDatabase, limit: longest };
  }
  const measured = await rounds(
    { many: () => compare(large), few: () => compare(small) },
    { count: Math.min(bench.rounds, 3) },
  );
  const [big, little] = [roundsOf(measured, 'many'), roundsOf(measured, 'few')];
  const limit = big.map(() => ({ all: longest }));
  return [
    {
      question: `reconciling ${(applications * groups).toLocaleString('en')} registrations over ${applications.toLocaleString('en')} applications, at a gateway of a page per ${answersAfter} ms`,
      bot: milliseconds(figure(little, 'all')),
      baseline: `the limit: ${(longest / 1000).toFixed(0)} s`,
      ratio: ratio(little, limit, 'all'),
      mustBe: { atMost: 1 },
    },
    {
      question: `the database's part of it, among ${many.toLocaleString('en')} registrations`,
      bot: milliseconds(figure(big, 'database')),
      baseline: `among ${few.toLocaleString('en')}: ${milliseconds(figure(little, 'database'))}`,
      ratio: ratio(big, little, 'database'),
      mustBe: { atMost: 1.5 },
    },
  ];
}

async function slowGateway(): Promise<LocalGateway> {
  const gateway = await openLocalGateway();
  gateway.fail('*', { kind: 'delay', ms: answersAfter }, { times: Number.POSITIVE_INFINITY });
  return gateway;
}

/** Registers the first applications for ten services with a group each, approved and confirmed. */
async function give({ sql }: Database, applications: number): Promise<void> {
  await sql`
    insert into services (slug, name, managed_by, access)
    select 'group-' || n, 'Group ' || n, 'slack', jsonb_build_object('gateway', 'edge', 'group', 'group-' || n, 'credential', 'none')
    from generate_series(1, ${groups}::int) n`;
  await sql`
    with made as (
      insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at)
      select a.id, s.id, 'U0DANA', 'why', 'V-access-' || a.id, 'approved', 1, now(), now()
      from (select id from applications where deleted_at is null order by id limit ${applications}::int) a, services s
      where s.access is not null returning id, application_id, service_id)
    insert into application_access (application_id, gateway, group_name, registration_id, wanted, open, since)
    select application_id, 'edge', slug, made.id, true, true, now() from made join services on services.id = service_id`;
  await sql`vacuum analyze application_access, registrations, services`;
}

/** Has the gateway as the database says. */
async function fillGateway({ store }: LocalGateway, { sql }: Database): Promise<void> {
  const rows = await sql<{ id: string; groups: string[] }[]>`
    select a.public_id as id, array_agg(x.group_name) as groups
    from applications a join application_access x on x.application_id = a.id group by a.id`;
  for (const { id, groups: names } of rows) {
    const consumer = store.putConsumer(consumerIdOf(id), { username: usernameOf(id), custom_id: id, tags: [tag] });
    for (const group of names)
      store.acls.set(`${id}-${group}`, {
        id: `${id}-${group}`,
        group,
        tags: [tag],
        consumer: { id: consumer.id },
        created_at: 0,
      });
  }
}
