/** One database belongs to one workspace and one app. */
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runChecks } from '../../src/cli/doctor/run-checks.ts';
import { runWorkspaceCommand } from '../../src/cli/workspace.ts';
import { seed } from '../local-slack/seed.ts';
import { openWorkspace, type Workspace } from '../local-slack/workspace.ts';
import { environment, startBot } from '../support/bot.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { scrape } from '../support/prometheus.ts';
import { openScenario } from '../support/scenario.ts';
import { people, requests } from '../support/steps.ts';

const usual = seed();
const otherTeam = { ...usual, team: { id: 'T0EVIL', name: 'Evil', domain: 'evil' } };
const otherApp = { ...usual, app: { ...usual.app, id: 'A0OTHER' } };

let database: TestDatabase;
const workspaces: Workspace[] = [];
const open = async (...[setting]: Parameters<typeof openWorkspace>): Promise<Workspace> => {
  const workspace = await openWorkspace(setting);
  workspaces.push(workspace);
  return workspace;
};
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  for (const workspace of workspaces) await workspace[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const at = () => ({ DATABASE_URL: database.url });

async function problems(workspace: Workspace): Promise<string[]> {
  const lines: string[] = [];
  await runChecks(environment(workspace, 'socket', at()), ({ level, about, what }) =>
    lines.push(`${level} ${about}: ${what}`),
  );
  return lines.filter((line) => line.includes(' workspace:'));
}

it('the first start claims the database, and a bot of another workspace or app is refused by name', async () => {
  const acme = await open({ seed: usual });
  expect(await runWorkspaceCommand('show', database.url)).toMatch(/belongs to no workspace yet/);
  expect(await problems(acme)).toEqual([]);
  const bot = await startBot(acme, 'socket', at());
  expect(await runWorkspaceCommand('show', database.url)).toBe(
    'This database belongs to Acme (T0ACME, app A0REGISTRAR).',
  );
  expect(await problems(acme)).toEqual(['ok workspace: the database belongs to the workspace of the token.']);

  for (const [other, named] of [
    [otherTeam, 'Evil (T0EVIL, app A0REGISTRAR)'],
    [otherApp, 'Acme (T0ACME, app A0OTHER)'],
  ] as const) {
    const workspace = await open({ seed: other });
    const sentence = `this database belongs to Acme (T0ACME, app A0REGISTRAR), and SLACK_BOT_TOKEN to ${named}.`;
    await expect(startBot(workspace, 'socket', at())).rejects.toThrow(`DATABASE_URL: ${sentence}`);
    expect(await problems(workspace)).toEqual([expect.stringContaining(`FAIL workspace: ${sentence}`)]);
  }
  await bot.stop();
});

it('released on purpose, it goes to the workspace that starts next', async () => {
  const evil = await open({ seed: otherTeam });
  expect(await runWorkspaceCommand('release', database.url)).toMatch(/^Released from Acme/);
  const bot = await startBot(evil, 'socket', at());
  await bot.stop();
  expect(await runWorkspaceCommand('show', database.url)).toBe(
    'This database belongs to Evil (T0EVIL, app A0REGISTRAR).',
  );
});

it('two databases on one Slack app: what each is sent about the other is counted, and the log and doctor say how to fix it', async () => {
  await using other = await createDatabase();
  const own = await createDatabase();
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  await using scenario = await openScenario({ log, database: async () => own });
  const { workspace } = scenario;
  const { dana, alex } = people(scenario);
  const said = () => lines.filter((line) => line.includes('another database is on the same Slack app'));
  const doctor = async () => {
    const found: string[] = [];
    const env = environment(workspace, 'socket', { DATABASE_URL: own.url });
    await runChecks(env, ({ level, about, what }) => found.push(`${level} ${about}: ${what}`));
    return found.filter((line) => line.startsWith('warn clicks'));
  };
  await requests(dana, alex);
  await scenario.bot.stop();
  const staging = await scenario.startAnother({ DATABASE_URL: other.url });
  await requests(dana, alex, 'Ledger API', 'Staging');
  await staging.stop();
  const production = await scenario.startAnother();
  for (let clicks = 1; clicks <= 5; clicks += 1) {
    await production.runDueJobs();
    expect([said(), await doctor()]).toEqual([[], []]);
    await alex.clicks('Approve', { in: 'api-requests', on: /Staging/ });
    await workspace.until(() => alex.whispers.length === clicks);
    expect(alex.whispers.at(-1)).toMatch(/^That no longer exists/);
  }
  await production.runDueJobs();
  expect(said()).toHaveLength(1);
  expect(await doctor()).toEqual([
    expect.stringMatching(/5 clicks and forms .*Give each database a Slack app of its own/),
  ]);
  expect((await scrape(production.port)).value('registrar_unknown_ids')).toBe(5);
});

it('an app-level token of another app than the bot token is named by the start and by doctor', async () => {
  const workspace = await open({ seed: structuredClone(usual) });
  workspace.app.id = 'A0STAGING';
  await using fresh = await createDatabase();
  const env = { DATABASE_URL: fresh.url };
  const sentence =
    'SLACK_APP_TOKEN is of the app A0REGISTRAR, and SLACK_BOT_TOKEN of A0STAGING. Set both to those of one app.';
  await expect(startBot(workspace, 'socket', env)).rejects.toThrow(sentence);
  const lines: string[] = [];
  await runChecks(environment(workspace, 'socket', env), ({ level, about, what }) =>
    lines.push(`${level} ${about}: ${what}`),
  );
  expect(lines).toContain(`FAIL tokens: ${sentence}`);
});
