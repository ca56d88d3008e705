/** `/metrics`: what operators see of what people do, in both modes, also while the database is away. */
import { readFile } from 'node:fs/promises';
import { WebClient } from '@slack/web-api';
import { describe, expect, it } from 'vitest';
import { createHttpClient } from '../../src/http-client.ts';
import { createLog, slackLog } from '../../src/observability/log.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import type { Fault } from '../local-slack/model.ts';
import { openWorkspace } from '../local-slack/workspace.ts';
import { modes } from '../support/bot.ts';
import { eventually } from '../support/eventually.ts';
import { readSamples, type Samples, scrape } from '../support/prometheus.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

describe.each(modes)('over %s', (mode) => {
  it('it counts acks, calls, posts, decisions and pending requests, and names no user', async () => {
    await using scenario = await openScenario({ mode, env: { REMINDER_SCHEDULE: '* * * * * *', REMIND_AFTER: '1s' } });
    const { workspace } = scenario;
    const { dana, alex } = people(scenario);
    await dana.opensHome();
    await asks(dana, ['Payments API', 'Ledger API'], 'Nightingale', 'For project Nightingale');
    await dana.closes();
    await alex.finds(/Ledger API/, { in: 'api-requests' });
    await alex.clicks('Approve', { in: 'api-requests', on: /Payments/ });
    await dana.finds(/Approved by @alex/);
    await alex.finds(/waiting for a decision/, { in: 'api-requests' });

    let seen: Samples = await scrape(scenario.bot.port);
    await eventually('everything is counted', async () => {
      seen = await scrape(scenario.bot.port);
      const { value } = seen;
      return (
        value('registrar_messages_posted_total', { kind: 'reminder' }) !== undefined &&
        value('registrar_pending_requests') === 1
      );
    });
    const { value } = seen;
    for (const kind of ['command', 'options', 'submission', 'action', 'event']) {
      expect([kind, value('registrar_ack_seconds_count', { kind })]).not.toEqual([kind, undefined]);
    }
    expect(value('registrar_ack_seconds_count', { kind: 'submission' })).toBe(1);
    expect(value('registrar_slack_calls_total', { method: 'views.open', result: 'ok' })).toBe(1);
    expect(value('registrar_slack_call_seconds_count', { method: 'views.open' })).toBe(1);
    expect(value('registrar_messages_posted_total', { kind: 'card' })).toBe(2);
    expect(value('registrar_messages_posted_total', { kind: 'notice' })).toBe(1);
    expect(value('registrar_decision_seconds_count', { decision: 'approve' })).toBe(1);
    expect(value('registrar_cron_runs_total', { cron: 'reminders', result: 'ok' })).toBeGreaterThan(0);
    expect(value('registrar_database_up')).toBe(1);
    expect(value('registrar_oldest_pending_seconds')).toBeGreaterThan(0);
    expect(value('registrar_outbox_jobs', { queue: 'outbox', kind: 'card' })).toBeDefined();
    expect(value('registrar_outbox_lag_seconds', { queue: 'outbox', kind: 'card' })).toBeDefined();
    expect(value('registrar_dead_letters', { kind: 'card' })).toBe(0);
    expect(value('registrar_database_connections', { pool: 'registrar', state: 'in_use' })).toBeGreaterThan(0);
    expect(value('registrar_build_info')).toBe(1);
    expect(value('nodejs_eventloop_lag_p99_seconds')).toBeDefined();

    // What docs/metrics.md tells operators to watch is there, and all that is there is told.
    const page = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    const told = new Set([...page.matchAll(/\bregistrar_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, '')));
    expect([...told].sort()).toEqual(seen.names.filter((name) => name.startsWith('registrar_')).sort());

    const { botToken, appToken, signingSecret } = workspace;
    const secrets = [
      botToken,
      appToken,
      signingSecret,
      dana.id,
      alex.id,
      'C0REQUESTS',
      'Nightingale',
      'payments',
      'dana',
    ];
    for (const secret of secrets) expect(seen.text).not.toContain(secret);
  });
});

describe('what is read in the database', () => {
  it('is missing during an outage, and the other metrics are there', async () => {
    await using scenario = await openScenario();
    await scenario.database.allow(false);
    const { value } = await scrape(scenario.bot.port);
    expect(value('registrar_database_up')).toBe(0);
    for (const name of [
      'pending_requests',
      'oldest_pending_seconds',
      'outbox_jobs',
      'outbox_stalled_lanes',
      'dead_letters',
      'database_connections',
    ]) {
      expect([name, value(`registrar_${name}`)]).toEqual([name, undefined]);
    }
    // Whose token it is, and Bolt's own look at it.
    expect(value('registrar_slack_calls_total', { method: 'auth.test', result: 'ok' })).toBe(2);
    await scenario.database.allow(true);
    await eventually(
      'it is back',
      async () => (await scrape(scenario.bot.port)).value('registrar_dead_letters', { kind: 'card' }) === 0,
    );
  });

  it('is read by one query, however many scrapes wait, and they do not wait long', async () => {
    await using scenario = await openScenario();
    const locked = Promise.withResolvers<void>();
    const free = Promise.withResolvers<void>();
    const held = scenario.database.sql.begin(async (tx) => {
      await tx`lock table registrations in access exclusive mode`;
      locked.resolve();
      await free.promise;
    });
    await locked.promise;
    const scrapes = await Promise.all([1, 2, 3].map(() => scrape(scenario.bot.port)));
    expect(scrapes.map(({ value }) => value('registrar_database_up'))).toEqual([0, 0, 0]);
    const [{ count } = {}] = await scenario.database.sql`
      select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
        and query like '%min(requested_at)%' and application_name = 'registrar'`;
    expect(count).toBe(1);
    free.resolve();
    await held;
  });

  it('is cached, but an outage is not', async () => {
    let reads = 0;
    const readings = {
      pending: { count: 7, oldest: null },
      outbox: [],
      stalledLanes: 0,
      unknownIds: 0,
      access: [],
      connections: [],
    };
    const { text } = createMetrics(
      async () => {
        reads += 1;
        if (reads === 1) throw new Error('away');
        return readings;
      },
      () => new Date(),
    );
    const pending = async () => readSamples(await text()).value('registrar_pending_requests');
    expect([await pending(), await pending(), await pending(), await pending()]).toEqual([undefined, 7, 7, 7]);
    expect(reads).toBe(2);
  });
});

it('each call to Slack is counted by its result', async () => {
  await using workspace = await openWorkspace();
  const metrics = createMetrics(
    () => undefined,
    () => new Date(),
  );
  const api = {
    slackApiUrl: workspace.apiUrl,
    fetch: metrics.fetch(workspace.apiUrl, createHttpClient().fetch),
    timeout: 300,
  };
  const client = new WebClient(workspace.botToken, {
    ...api,
    logger: slackLog(createLog('silent')),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });
  const results: [Fault | undefined, string][] = [
    [undefined, 'ok'],
    [{ kind: 'rate-limited', retryAfter: 1 }, 'ratelimited'],
    [{ kind: 'server-error' }, 'http_5xx'],
    [{ kind: 'reset' }, 'network'],
    [{ kind: 'accept-then-drop' }, 'network'],
    [{ kind: 'hang' }, 'timeout'],
    [{ kind: 'malformed' }, 'malformed'],
    [{ kind: 'error', error: 'is_archived' }, 'is_archived'],
    [{ kind: 'error', error: 'a_word_that_slack_has_just_made_up' }, 'other_error'],
  ];
  for (const [fault] of results) {
    if (fault) workspace.fail('auth.test', fault);
    await client.auth.test().catch(() => {});
  }
  await api.fetch(`${workspace.url}/response/unknown`, { method: 'POST' });
  const counted = async () => {
    const lines = (await metrics.text()).matchAll(
      /^registrar_slack_calls_total\{method="(.+?)",result="(.+?)"\} (\d+)$/gm,
    );
    return [...lines].map(([, method, result, count]) => `${method} ${result} ${count}`).sort();
  };
  const methods = results.map(([, result]) => result).filter((result) => result !== 'network');
  await eventually('all are counted', async () => (await counted()).length === methods.length + 2);
  expect(await counted()).toEqual(
    [...methods.map((result) => `auth.test ${result} 1`), 'auth.test network 2', 'response_url http_4xx 1'].sort(),
  );
});

it('a scheduled job that fails is counted, and ends nothing', async () => {
  const metrics = createMetrics(
    () => undefined,
    () => new Date(),
  );
  const run = (work: () => Promise<void>) => metrics.cron('reminders', work, createLog('silent'))(new Date());
  await run(async () => {});
  await run(async () => Promise.reject(new Error('the database is away')));
  const { value } = readSamples(await metrics.text());
  const ran = ['ok', 'failed'].map((result) => value('registrar_cron_runs_total', { cron: 'reminders', result }));
  expect(ran).toEqual([1, 1]);
});
