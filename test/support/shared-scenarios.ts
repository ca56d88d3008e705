/**
 * Scenarios that stories use one after the other: a bot, a workspace and a database cost more than most stories. What a
 * story left is cleared away before the next begins; stories that run at the same time get one each.
 */
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { delivered } from './outbox.ts';
import { openScenario, type Scenario, type Setting } from './scenario.ts';

type Shared = {
  scenario: Scenario;
  /** The time of the story that uses it. */
  clock: { now: () => Date };
  /** Members, groups and channels as they were at first. */
  people: string;
  schema: string;
  catalog: string;
};

/** The settings of a scenario that can be used again: no clock of the bot's own, no faults in the network. */
type SharedSetting = Pick<Setting, 'mode' | 'env' | 'catalog' | 'seed'>;

export type SharedScenarios = {
  /** Opens a scenario as new. Disposing it expects that the bot did not violate Slack's protocol, and clears it. */
  open(story?: { now?: () => Date }): Promise<Scenario>;
};

/** Scenarios that wait for their next story, by their setting; of one worker, whose files come one after the other. */
const pools = new Map<string, Shared[]>();

/** How many a worker keeps: each holds a dozen connections to PostgreSQL. */
const keptAtMost = 3;

/** Keeps a scenario for the next story, and disposes of what has waited longest where there are too many. */
async function keep(setting: string, shared: Shared): Promise<void> {
  const kept = pools.get(setting) ?? [];
  pools.delete(setting);
  pools.set(setting, [...kept, shared]);
  if ([...pools.values()].flat().length <= keptAtMost) return;
  for (const [other, [oldest, ...rest]] of pools) {
    if (!oldest) continue;
    pools.set(other, rest);
    return oldest.scenario[Symbol.asyncDispose]();
  }
}

/**
 * Shares the scenarios of a setting with all stories of this worker. They end with it. The bot may remember who is a member of
 * what: a story about the look-up itself opens a scenario of its own.
 */
export function sharedScenarios(setting: SharedSetting = {}): SharedScenarios {
  const { mode = 'socket', env, catalog, seed } = setting;
  const key = JSON.stringify([mode, env, catalog, seed]);

  async function make(now: () => Date): Promise<Shared> {
    const clock = { now };
    const scenario = await openScenario({ ...setting, now: () => clock.now() });
    await scenario.bot.runDueJobs();
    await delivered(scenario);
    await takeSnapshot(scenario.database);
    return {
      scenario,
      clock,
      people: peopleOf(scenario),
      schema: await schemaOf(scenario.database),
      catalog: await readFile(scenario.catalogFile, 'utf8'),
    };
  }

  return {
    async open({ now = () => new Date() } = {}) {
      const shared = pools.get(key)?.pop() ?? (await make(now));
      shared.clock.now = now;
      const { scenario } = shared;
      const replicas: { stop: () => Promise<void> }[] = [];
      let stopped = false;
      return {
        workspace: scenario.workspace,
        database: scenario.database,
        bot: {
          ...scenario.bot,
          stop() {
            stopped = true;
            return scenario.bot.stop();
          },
        },
        catalogFile: scenario.catalogFile,
        channelsRead: () => scenario.channelsRead(),
        async startAnother(env) {
          const another = await scenario.startAnother(env);
          replicas.push(another);
          return another;
        },
        async [Symbol.asyncDispose]() {
          for (const one of replicas) await one.stop();
          // The last bot that starts is the one that the workspace delivers to.
          const used = stopped || replicas.length > 0;
          if (!used && (await cleared(shared))) await keep(key, shared);
          else await scenario[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** Clears what the story left; false where it changed what is not cleared: who is where, the schema, or the catalog file. */
async function cleared({ scenario, people, schema, catalog }: Shared): Promise<boolean> {
  const { workspace, database, bot } = scenario;
  workspace.clearFaults();
  await bot.drain();
  await eventually('no job is being delivered', async () => {
    await database.sql`delete from outbox where not leased`;
    const [left] = await database.sql`select from outbox limit 1`;
    return left === undefined;
  });
  await bot.drain();
  expect(workspace.protocolViolations).toEqual([]);
  expect(scenario.channelsRead()).toEqual([]);
  if (peopleOf(scenario) !== people || (await schemaOf(database)) !== schema) return false;
  if ((await readFile(scenario.catalogFile, 'utf8')) !== catalog) return false;
  await database.sql`select before_story.restore()`;
  workspace.startOver();
  return true;
}

const peopleOf = ({ workspace: { members, groups, channels } }: Scenario): string =>
  JSON.stringify([[...members], [...groups], [...channels].filter(([, { kind }]) => kind !== 'im')]);

/** Triggers, functions, defaults and tables: stories may change them, and nothing changes them back. */
async function schemaOf({ sql }: TestDatabase): Promise<string> {
  const [row] = await sql<{ schema: string }[]>`
    select concat_ws(';',
      (select string_agg(concat(tgrelid, tgname, tgenabled), ',' order by oid) from pg_trigger),
      (select string_agg(proname, ',' order by oid) from pg_proc where oid >= 16384),
      (select string_agg(concat(adrelid, pg_get_expr(adbin, adrelid)), ',' order by oid) from pg_attrdef),
      (select string_agg(relname, ',' order by oid) from pg_class where oid >= 16384 and relkind = 'r')) as schema`;
  return row?.schema ?? '';
}

/** Keeps the rows of all tables, and where the sequences are, for `before_story.restore()`. */
async function takeSnapshot({ sql }: TestDatabase): Promise<void> {
  await sql.unsafe(`
    create schema before_story;
    do $$
    declare
      one record;
      last record;
      clear text := '';
      fill text := '';
    begin
      for one in
        select c.oid::regclass as name, c.relkind as kind, format('before_story.%I', c.relname) as copy, (
          select string_agg(quote_ident(attname), ', ') from pg_attribute
          where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns
        from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'S')
      loop
        if one.kind = 'S' then
          execute format('select last_value, is_called from %s', one.name) into last;
          fill := fill || format('perform setval(%L, %s, %L);', one.name, last.last_value, last.is_called);
        else
          execute format('create table %s as select %s from %s', one.copy, one.columns, one.name);
          clear := clear || format('delete from %s;', one.name);
          fill := fill || format('insert into %s (%s) overriding system value select %2$s from %s;', one.name, one.columns, one.copy);
        end if;
      end loop;
      -- As a replica: neither foreign keys nor what keeps the history append-only are looked after.
      execute format('create function before_story.restore() returns void language plpgsql
        set session_replication_role = replica as %L', 'begin ' || clear || fill || ' end');
    end $$`);
}
