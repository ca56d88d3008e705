/** A channel that everybody can join, where its members decide: said at the start, by the doctor, and in Review. */
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { runChecks } from '../../src/cli/doctor/run-checks.ts';
import { channel, seed } from '../local-slack/seed.ts';
import { environment } from '../support/bot.ts';
import { eventually } from '../support/eventually.ts';
import { openScenario } from '../support/scenario.ts';
import { people } from '../support/steps.ts';

const members = ['U0ALEX', 'U0PRIYA', 'U0REGISTRAR'];

/** Requests are decided in a channel of this kind. */
function company(over: { kind: 'public' | 'private'; shared?: boolean }) {
  const usual = seed({
    channels: [channel('C0MAPS', 'maps', members), channel('C0OURS', 'ours', members, { kind: 'private' })],
  });
  return {
    ...usual,
    channels: usual.channels.map((one) => (one.id === 'C0REQUESTS' ? { ...one, ...over } : one)),
  };
}

it.each([
  ['private', { kind: 'private' }, '', false],
  ['public', { kind: 'public' }, '', true],
  ['private, and shared with another organization', { kind: 'private', shared: true }, '', true],
  ['public, with approvers named', { kind: 'public' }, 'U0ALEX,U0PRIYA', false],
] as const)('an admin channel that is %s', async (_, over, APPROVERS, open) => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  await using scenario = await openScenario({ seed: company(over), env: { APPROVERS }, log });
  const { workspace, database } = scenario;
  await eventually('the bot has looked at the channel', async () =>
    workspace.calls.some(({ method }) => APPROVERS !== '' || method === 'conversations.info'),
  );
  if (open) await eventually('the log warns', async () => lines.some((line) => line.includes('everyone who joins')));
  expect(lines.filter((line) => line.includes('everyone who joins ADMIN_CHANNEL'))).toHaveLength(open ? 1 : 0);

  const found: string[] = [];
  const env = environment(workspace, 'socket', { DATABASE_URL: database.url, APPROVERS });
  await runChecks(env, ({ level, about, what }) => found.push(`${level} ${about}: ${what}`));
  const [channels] = found.filter((line) => line.includes('channel C0REQUESTS'));
  expect(channels).toMatch(open ? /^FAIL .*no approvers are named.*Set APPROVERS/ : /^ok /);
});

it('Review says it of a public channel, unless approvers are named', async () => {
  await using scenario = await openScenario({ seed: company({ kind: 'private' }) });
  const { alex } = people(scenario);
  const home = { in: 'home' } as const;
  await scenario.database.sql`insert into services (slug, name, managed_by) values ('maps', 'Maps API', 'slack')`;
  await alex.opensHome();
  await alex.clicks('Edit', { ...home, on: /Maps API/ });
  await alex.picks('Approval channel', 'maps');
  await alex.submits();
  expect(alex.reads).toContain('#maps is public: everyone who joins it can decide.');
  await alex.picks('Approval channel', 'ours');
  await alex.submits();
  expect(alex.reads).not.toContain('everyone who joins');
  await alex.picks('Approval channel', 'maps');
  await alex.picks('Approvers: people', 'priya');
  await alex.submits();
  expect(alex.reads).toContain('@priya can decide');
  expect(alex.reads).not.toContain('everyone who joins');
});
