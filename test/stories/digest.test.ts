/** The weekly digest: how each channel's week was, in numbers, in words and as a chart; once, and only where there is something to tell. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/db/client.ts';
import type { Db } from '../../src/db/db.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { claimDigests, summarizeWeek } from '../../src/db/scheduling/digests.ts';
import { claimTick, registerSchedule } from '../../src/db/scheduling/ticks.ts';
import { formatDuration } from '../../src/domain/duration.ts';
import { toWallClock } from '../../src/domain/schedule.ts';
import type { Message } from '../local-slack/model.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

const minute = 60_000;
const hour = 60 * minute;

it.each([
  [59_999, 'less than a minute'],
  [35 * minute, '35 minutes'],
  [hour, '1 hour'],
  [26.5 * hour, '1 day 2 hours'],
  [48 * hour + 5 * minute, '2 days'],
])('%d milliseconds are told as %s', (milliseconds, told) => expect(formatDuration(milliseconds)).toBe(told));

/** A replica's view of the database: what it claims is delivered by whichever bot there is. */
async function replica({ url }: TestDatabase) {
  const client = connect(url);
  const outbox = createOutbox();
  const db: Db = { tables: client.tables, outbox };
  return {
    db,
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  };
}

describe('the numbers', () => {
  const setting = { adminChannel: 'C0ADMIN', timeZone: 'Europe/Berlin' };
  /** In the week before it, summer time ends: Sunday the 25th has 25 hours. */
  const monday = '2026-10-26T08:00:00Z';

  /** A service with a channel of its own, and requests for it: opened, how they ended, and after how many minutes. */
  async function requests({ sql }: TestDatabase, channel: string, ends: [string, string, number?][]) {
    await sql`insert into services (slug, name, managed_by, channel) values (${channel.toLowerCase()}, ${channel}, 'slack', ${channel})`;
    for (const [index, [at, action, minutes = 0]] of ends.entries()) {
      const first = action === 'automatic' ? 'approved' : 'pending';
      await sql`
        with a as (insert into applications (name, created_by, created_at) values (${`${channel} ${index}`}, 'U0DANA', now()) returning id),
          r as (
            insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at)
            select a.id, s.id, 'U0DANA', 'why', ${`V${index}`}, ${action === 'pending' ? 'pending' : 'deleted'}, 1, ${at}, ${at}
            from a, services s where s.channel = ${channel} returning id)
        insert into history (registration_id, version, action, from_status, to_status, at)
        select id, 1, 'request', null, ${first}, ${at}::timestamptz from r
        union all
        select id, 2, ${action}, 'pending', 'deleted', ${at}::timestamptz + make_interval(mins => ${minutes}) from r
        where ${action} not in ('pending', 'automatic')`;
    }
  }

  it('days begin and end at midnight in TIME_ZONE, and each outcome is counted as what it is', async () => {
    await using database = await createDatabase();
    await using one = await replica(database);
    await requests(database, 'C0EDGES', [
      ['2026-10-18T21:59:59Z', 'approve', 0],
      ['2026-10-18T22:00:00Z', 'automatic'],
      ['2026-10-20T10:00:00Z', 'reject', 26 * 60],
      ['2026-10-22T10:00:00Z', 'unregister', 5],
      ['2026-10-22T11:00:00Z', 'delete', 5],
      ['2026-10-22T12:00:00Z', 'expire', 5],
      ['2026-10-25T22:59:59Z', 'pending'],
      ['2026-10-25T23:00:00Z', 'approve', 0],
    ]);
    await requests(database, 'C0OTHER', [['2026-10-21T10:00:00Z', 'approve', 1]]);
    const told = await summarizeWeek(one.db, { ...setting, channel: 'C0EDGES', at: monday });
    expect(told).toMatchObject({ automatic: 1, withdrawn: 1, deleted: 1, expired: 1, waiting: 1 });
    expect(told.oldest).toMatchObject({ application: 'C0EDGES 6', requestedAt: new Date('2026-10-25T22:59:59Z') });
    expect(told.days.map(({ date, opened, approved, rejected }) => [date, opened, approved, rejected])).toEqual([
      ['2026-10-19', 1, 0, 0],
      ['2026-10-20', 1, 0, 0],
      ['2026-10-21', 0, 0, 1],
      ['2026-10-22', 3, 0, 0],
      ['2026-10-23', 0, 0, 0],
      ['2026-10-24', 0, 0, 0],
      ['2026-10-25', 1, 0, 0],
    ]);
  });

  it('median and 95th percentile of the time to a decision', async () => {
    await using database = await createDatabase();
    await using one = await replica(database);
    const cases: [minutes: number[], median: number, percentile95: number][] = [
      [[60], 60, 60],
      [[10, 40, 20, 30], 25, 38.5],
      [Array.from({ length: 21 }, (_, index) => 2 ** index), 2 ** 10, 2 ** 19],
    ];
    for (const [index, [minutes, median, percentile95]] of cases.entries()) {
      const channel = `C0CASE${index}`;
      const ends = minutes.map((after): [string, string, number] => {
        const at = new Date(Date.parse('2026-10-21T10:00:00Z') - after * minute).toISOString();
        return [at, after % 20 === 0 ? 'reject' : 'approve', after];
      });
      // How long it took to withdraw is no time to a decision.
      await requests(database, channel, [...ends, ['2026-10-21T10:00:00Z', 'unregister', 1]]);
      const { timeToDecision } = await summarizeWeek(one.db, { ...setting, channel, at: monday });
      expect(timeToDecision).toEqual({ median: median * minute, percentile95: percentile95 * minute });
    }
    await requests(database, 'C0NONE', [['2026-10-21T10:00:00Z', 'automatic']]);
    expect(await summarizeWeek(one.db, { ...setting, channel: 'C0NONE', at: monday })).toMatchObject({
      timeToDecision: null,
    });
  });
});

describe('the schedule', () => {
  it('a tick runs once; of missed ticks only the last runs; a new or changed schedule has no missed ticks', async () => {
    await using database = await createDatabase();
    await using one = await replica(database);
    const { tables } = one.db;
    /** Two replicas start at the same instant. */
    const begins = (pattern: string, last: string) =>
      Promise.all([1, 2].map(() => registerSchedule(tables, { schedule: 'digest', pattern, reading: new Date(last) })));
    /** Counts how many of them serve a tick that look at the same instant. */
    async function served(reading: string) {
      const tick = { schedule: 'digest', reading: new Date(reading) };
      const both = await Promise.all([1, 2].map(() => tables.transaction((tx) => claimTick(tx, tick))));
      return both.filter(Boolean).length;
    }
    await begins('mondays', '2026-11-02T09:00:00Z');
    expect(await served('2026-11-02T09:00:00Z')).toBe(0);
    expect(await served('2026-11-09T09:00:00Z')).toBe(1);
    expect(await served('2026-11-09T09:00:00Z')).toBe(0);
    await begins('mondays', '2026-11-30T09:00:00Z');
    expect(await served('2026-11-30T09:00:00Z')).toBe(1);
    expect(await served('2026-11-23T09:00:00Z')).toBe(0);
    await begins('wednesdays', '2026-12-02T09:00:00Z');
    expect(await served('2026-12-02T09:00:00Z')).toBe(0);
    expect(await served('2026-12-09T09:00:00Z')).toBe(1);
    await begins('tuesdays', '2026-12-08T09:00:00Z');
    expect(await served('2026-12-08T09:00:00Z')).toBe(0);
    expect(await served('2026-12-15T09:00:00Z')).toBe(1);
    await begins('mondays', '2026-12-14T09:00:00Z');
    expect(await served('2026-12-15T09:00:00Z')).toBe(0);
  });

  it('replicas with different schedules each run their own ticks', async () => {
    await using database = await createDatabase();
    await using one = await replica(database);
    const served: string[] = [];
    const tick = async (pattern: string, reading: string) => {
      if (await claimTick(one.db.tables, { schedule: 'reminders', reading: new Date(reading) })) served.push(pattern);
    };
    await registerSchedule(one.db.tables, {
      schedule: 'reminders',
      pattern: 'at nine',
      reading: new Date('2026-11-01T09:00:00Z'),
    });
    await registerSchedule(one.db.tables, {
      schedule: 'reminders',
      pattern: 'at ten',
      reading: new Date('2026-11-01T10:00:00Z'),
    });
    for (const day of ['02', '03']) {
      await tick('at nine', `2026-11-${day}T09:00:00Z`);
      await tick('at ten', `2026-11-${day}T10:00:00Z`);
    }
    expect(served).toEqual(['at nine', 'at ten', 'at nine', 'at ten']);
  });
});

describe.concurrent('in the channel', () => {
  const timeZone = 'Europe/Berlin';
  const mondays = '0 9 * * 1';
  const digests = ({ workspace }: Scenario) =>
    workspace.messages('api-requests').filter(({ metadata }) => metadata?.event_type === 'registrar_digest');

  /** The clock of a scenario, which its story sets. */
  function calendar() {
    let now = new Date('2026-11-02T08:15:00Z');
    return {
      now: () => now,
      at: (moment: string) => {
        now = new Date(moment);
      },
    };
  }

  /** A tick of the schedule, for two replicas at the same instant. Returns how many digests there will be. */
  async function tick({ workspace, database }: Scenario, moment: string) {
    await using one = await replica(database);
    const tick = {
      schedule: 'digest',
      pattern: `${mondays} ${timeZone}`,
      reading: toWallClock(new Date(moment), timeZone),
    };
    await claimTick(one.db.tables, { ...tick, reading: new Date(0) });
    const adminChannel = workspace.channel('api-requests').id;
    const claims = [1, 2].map(() => claimDigests(one.db, tick, { adminChannel, timeZone }));
    return (await Promise.all(claims)).reduce((sum, channels) => sum + channels, 0);
  }

  /** A digest that an earlier version put into the outbox: its chart was a file, uploaded in a step of its own. */
  async function enqueuedBefore({ workspace, database }: Scenario, at: string) {
    await using one = await replica(database);
    const effect = { kind: 'digest', channel: workspace.channel('api-requests').id, at, picture: 'F0EARLIER' } as const;
    await one.db.tables.transaction((tx) => one.db.outbox.enqueue(tx, [effect]));
  }

  const done = ({ database }: Scenario) =>
    eventually('the digest is done with', async () => {
      const left = await database.sql`select from outbox where kind = 'digest'`;
      return left.length === 0;
    });

  const chartOf = (message: Message | undefined) => message?.blocks.find(({ type }) => type === 'data_visualization');

  it('a week with events is posted once, with a chart, whatever fails; an empty week is not', async ({ expect }) => {
    const clock = calendar();
    await using scenario = await openScenario({ env: { TIME_ZONE: timeZone }, now: clock.now });
    const { workspace } = scenario;
    const { dana, sam, alex, priya } = people(scenario);
    await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
    await dana.closes();
    clock.at('2026-11-02T10:40:00Z');
    await alex.clicks('Approve', { in: 'api-requests', on: /Payments/ });
    await dana.finds(/Approved by @alex/);
    clock.at('2026-11-04T09:15:00Z');
    await priya.clicks('Reject', { in: 'api-requests', on: /Ledger/ });
    await priya.fills('Reason', 'Not this year');
    await priya.submits();
    await dana.finds(/Rejected by @priya/);
    clock.at('2026-11-05T13:00:00Z');
    await asks(sam, ['Search API'], 'Cart');
    await sam.closes();
    clock.at('2026-11-06T13:00:00Z');
    await asks(sam, ['Ledger API'], 'Cart <!here>');
    await sam.closes();
    await asks(sam, ['Ledger API'], 'Cart');
    await sam.closes();
    // What is over before its turn gets no card.
    await alex.finds(/Ledger API for Cart\n/, { in: 'api-requests' });
    await sam.types('/unregister');
    await sam.picks('Registration', 'Ledger API — Cart (pending)');
    await sam.submits();
    await alex.finds(/Unregistered by @sam/, { in: 'api-requests' });

    clock.at('2026-11-09T08:00:00Z');
    expect(await tick(scenario, '2026-11-09T08:00:00Z')).toBe(1);
    const told = await alex.finds(/Opened/, { in: 'api-requests' });
    expect(told.replace(/\(http\S+\)/, '(link)')).toMatchInlineSnapshot(`
      "Access requests, 2 – 8 November
      Opened  5, 1 of them approved automatically
      Decided  2: 1 approved, 1 rejected
      Median time to decision  1 day 1 hour
      95th percentile  1 day 22 hours
      Ended without a decision  1 withdrawn
      Still waiting  1
      Oldest  Ledger API — Cart <!here>, waiting 2 days · Open the card (link)
      [bar chart: Requests by day]
      Opened  Mon 2: 2, Tue 3: 0, Wed 4: 0, Thu 5: 1, Fri 6: 2, Sat 7: 0, Sun 8: 0
      Approved  Mon 2: 1, Tue 3: 0, Wed 4: 0, Thu 5: 0, Fri 6: 0, Sat 7: 0, Sun 8: 0
      Rejected  Mon 2: 0, Tue 3: 0, Wed 4: 1, Thu 5: 0, Fri 6: 0, Sat 7: 0, Sun 8: 0"
    `);
    await done(scenario);
    expect(digests(scenario)).toHaveLength(1);
    expect(chartOf(digests(scenario)[0])).toBeDefined();

    await alex.clicks('Approve', { in: 'api-requests', on: /Cart <!here>/ });
    await sam.finds(/Approved by @alex/);
    const post = ({ metadata }: Record<string, unknown>) => /11-16/.test(JSON.stringify(metadata));
    const lost = workspace.fail('chat.postMessage', { kind: 'accept-then-drop' }, { when: post });
    clock.at('2026-11-16T08:00:00Z');
    await tick(scenario, '2026-11-16T08:00:00Z');
    await alex.finds(/9 – 15 November/, { in: 'api-requests' });
    await done(scenario);
    expect(lost.met).toBe(1);
    expect(digests(scenario)).toHaveLength(2);

    clock.at('2026-11-30T08:00:00Z');
    expect(await tick(scenario, '2026-11-30T08:00:00Z')).toBe(0);
  });

  it('where Slack refuses the chart, the digest is posted without it; a missed digest is posted once', async ({
    expect,
  }) => {
    const clock = calendar();
    const logged: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line) => logged.push(line) });
    await using scenario = await openScenario({ env: { TIME_ZONE: timeZone }, now: clock.now, log });
    const { workspace, database } = scenario;
    const { dana, alex } = people(scenario);
    await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
    await alex.finds(/Payments API/, { in: 'api-requests' });
    const isDigest = ({ metadata }: Record<string, unknown>) => /registrar_digest/.test(JSON.stringify(metadata));
    const hasChart = ({ blocks }: Record<string, unknown>) => /data_visualization/.test(JSON.stringify(blocks));
    workspace.fail(
      'chat.postMessage',
      { kind: 'error', error: 'invalid_blocks' },
      { when: (args) => isDigest(args) && hasChart(args) },
    );
    clock.at('2026-11-09T08:00:00Z');
    await tick(scenario, '2026-11-09T08:00:00Z');
    await alex.finds(/Oldest {2}Payments API — Shop, waiting 6 days/, { in: 'api-requests' });
    await done(scenario);
    const posts = workspace.calls.filter(({ method, args }) => method === 'chat.postMessage' && isDigest(args));
    expect(posts.map(({ args, response }) => [hasChart(args), response.error ?? 'posted'])).toEqual([
      [true, 'invalid_blocks'],
      [false, 'posted'],
    ]);
    const warnings = logged.filter((line) => line.includes('Slack refused'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('ask Slack');

    await alex.clicks('Approve', { in: 'api-requests', on: /Ledger API/ });
    await dana.finds(/Approved by @alex/);
    clock.at('2026-11-16T09:00:00Z');
    await enqueuedBefore(scenario, '2026-11-16T08:00:00Z');
    await alex.finds(/9 – 15 November/, { in: 'api-requests' });
    await done(scenario);
    expect(chartOf(digests(scenario)[1])).toBeDefined();

    await scenario.bot.stop();
    clock.at('2026-11-25T09:00:00Z');
    const changed = await scenario.startAnother({ DIGEST_SCHEDULE: '0 8 * * 2' });
    await changed.runDueJobs();
    await done(scenario);
    expect(digests(scenario)).toHaveLength(2);
    await changed.stop();
    await database.sql`
      update served_ticks set pattern = ${`${mondays} ${timeZone}`}, reading = '2026-11-16 09:00' where schedule = 'digest'`;
    await Promise.all([1, 2].map(() => scenario.startAnother({ DIGEST_SCHEDULE: mondays })));
    await workspace.until(() => digests(scenario).length > 2, { what: 'a third digest' });
    await done(scenario);
    expect(digests(scenario)).toHaveLength(3);
  });
});
