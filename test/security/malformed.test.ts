/** What reaches the running program and is no request of Slack's; and what its log then holds. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signature } from '../local-slack/delivery/http.ts';
import { openWorkspace, type Workspace } from '../local-slack/workspace.ts';
import { environment } from '../support/bot.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { kill, run, runReady } from '../support/process.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

let workspace: Workspace;
let database: TestDatabase;
beforeAll(async () => {
  workspace = await openWorkspace();
  database = await createDatabase();
});
afterAll(async () => {
  await workspace[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

describe("what is no request of Slack's", () => {
  it('over HTTP is refused, and ends nothing; a content type may name its charset', async () => {
    const program = await runReady(environment(workspace, 'http', { DATABASE_URL: database.url }));
    const send = (body: string, type = 'application/json') => {
      const signed = signature({ secret: workspace.signingSecret, now: Date.now }, body);
      const headers = { 'content-type': type, ...signed };
      return fetch(`http://127.0.0.1:${program.port}/slack/events`, {
        method: 'POST',
        body,
        headers,
        signal: AbortSignal.timeout(500),
      }).catch((error) => error);
    };
    const form = 'application/x-www-form-urlencoded';
    await Promise.all(['null', '[]', '1', '{', ''].map((body) => send(body)));
    await Promise.all(['payload=null', 'payload=%5B%5D', 'payload=', 'x'].map((body) => send(body, form)));
    const command = new URLSearchParams({ command: '/registrations', user_id: 'U0DANA', team_id: workspace.teamId });
    expect((await send(command.toString(), `${form};charset=UTF-8`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${program.port}/healthz`)).status).toBe(200);
    await kill(program);
  });

  it('over Socket Mode is ignored, and a refused reconnect is retried', async () => {
    const program = await runReady(environment(workspace, 'socket', { DATABASE_URL: database.url }));
    await workspace.until(() => workspace.connections === 2);
    for (const frame of ['null', '[]', '{', '{"type":"events_api","envelope_id":"a"}', '{"type":"ws_message"}'])
      workspace.sendFrame(frame);
    workspace.fail('apps.connections.open', { kind: 'error', error: 'invalid_auth' });
    workspace.dropConnections();
    await workspace.until(() => workspace.connections === 0);
    await workspace.until(() => workspace.connections === 2);
    expect((await fetch(`http://127.0.0.1:${program.port}/readyz`)).status).toBe(200);
    await kill(program);
  });
});

it('its log at trace level holds no secret, nothing that users wrote, and no address', async () => {
  await using scenario = await openScenario({ bots: 0 });
  const { workspace } = scenario;
  const { dana, alex } = people(scenario);
  const settings = { DATABASE_URL: scenario.database.url, CATALOG_FILE: scenario.catalogFile, LOG_LEVEL: 'trace' };
  const program = run(environment(workspace, 'http', settings));
  const { port } = JSON.parse(await program.says(/Registrar is ready/));
  workspace.deliverOver(`http://127.0.0.1:${port}/slack/events`);
  const secretReason = 'Because of project Nightingale';
  workspace.fail('views.open', { kind: 'server-error' });
  workspace.fail('conversations.members', { kind: 'server-error' });
  await asks(dana, ['Payments API', 'Ledger API'], 'Zebra Till', secretReason);
  await dana.closes();
  await asks(dana, ['Payments API'], 'Zebra Till', secretReason);
  await alex.finds(/Ledger API/, { in: 'api-requests' });
  await alex.finds(/Payments API/, { in: 'api-requests' });
  await alex.clicks('Approve', { in: 'api-requests', on: /Payments/ });
  await alex.clicks('Reject', { in: 'api-requests', on: /Ledger/ });
  await alex.fills('Reason', secretReason);
  await alex.submits();
  await dana.finds(/Rejected by @alex/);
  await scenario.database.allow(false);
  await alex.clicks('Delete request', { in: 'api-requests', on: /Payments/ });
  await alex.finds(/couldn’t do this/, { in: 'whispered' });
  await program.says(/"listener failed, the user gets an error"/);
  await kill(program);
  const log = program.lines.join('\n');
  const { botToken, appToken, signingSecret } = workspace;
  const { password } = new URL(scenario.database.url);
  for (const secret of [botToken, appToken, signingSecret, password, 'Nightingale', 'Zebra', '@acme.example'])
    expect(log).not.toContain(secret);
  await scenario.database.allow(true);
});
