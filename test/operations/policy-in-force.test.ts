/** Replicas with different settings on who decides: the older one says that it is out of date. */
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { runChecks } from '../../src/cli/doctor/run-checks.ts';
import { environment } from '../support/bot.ts';
import { scrape } from '../support/prometheus.ts';
import { openScenario } from '../support/scenario.ts';

it.each([
  ['APPROVERS', { APPROVERS: 'U0ALEX,U0PRIYA' }],
  ['ADMIN_CHANNEL', { ADMIN_CHANNEL: 'C0GENERAL' }],
  ['ALLOW_EXTERNAL', { ALLOW_EXTERNAL: 'true' }],
  ['ALLOW_SELF_APPROVAL', { ALLOW_SELF_APPROVAL: 'true' }],
  ['AUTO_APPROVE', { AUTO_APPROVE: 'true' }],
] as const)('a replica learns that another one has started with other %s', async (_, other) => {
  const lines: string[] = [];
  let now = new Date('2026-11-02T08:00:00Z');
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  await using scenario = await openScenario({ log, now: () => now, env: { APPROVERS: 'U0PRIYA' } });
  const { bot, workspace, database } = scenario;
  const outdated = async (port: number) => (await scrape(port)).value('registrar_policy_outdated');
  const warnings = () => lines.filter((line) => line.includes('out of date')).length;
  const doctor = async () => {
    const found: string[] = [];
    const env = environment(workspace, 'socket', { DATABASE_URL: database.url, APPROVERS: 'U0PRIYA' });
    await runChecks(env, ({ level, about, what }) => found.push(`${level} ${about}: ${what}`));
    return found.filter((line) => line.includes('newest one'));
  };

  const same = await scenario.startAnother();
  await bot.runDueJobs();
  expect([await outdated(bot.port), await outdated(same.port), warnings(), await doctor()]).toEqual([0, 0, 0, []]);

  const newest = await scenario.startAnother(other);
  for (const minutes of [1, 2]) {
    now = new Date(now.getTime() + minutes * 60_000);
    for (const one of [bot, newest]) await one.runDueJobs();
  }
  expect([await outdated(bot.port), await outdated(newest.port), warnings()]).toEqual([1, 0, 1]);
  expect(await doctor()).toEqual([expect.stringMatching(/^warn replicas: .*Start every replica with the same ones/)]);
});

it('the order of approvers makes no difference', async () => {
  await using scenario = await openScenario({ env: { APPROVERS: 'U0PRIYA,U0ALEX' } });
  await scenario.startAnother({ APPROVERS: 'U0ALEX,U0PRIYA' });
  await scenario.bot.runDueJobs();
  expect((await scrape(scenario.bot.port)).value('registrar_policy_outdated')).toBe(0);
});
