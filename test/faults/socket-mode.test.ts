/** Socket Mode when Slack renews, drops or refuses connections: no click is lost while one is open, and retries back off. */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Fault } from '../local-slack/model.ts';
import type { Workspace } from '../local-slack/workspace.ts';
import { eventually } from '../support/eventually.ts';
import { holdRegistrations, waitForBlocked } from '../support/locks.ts';
import { scrape } from '../support/prometheus.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { people, requests } from '../support/steps.ts';

/** As in the world, but quicker. */
const socketMode = {
  pongTimeout: 10_000,
  connectTimeout: 500,
  drainDelay: 100,
  minBackoff: 20,
  maxBackoff: 160,
  stableAfter: 100,
  countDelay: 100,
};

let scenario: Scenario;
let workspace: Workspace;
beforeAll(async () => {
  scenario = await openScenario({ socketMode });
  workspace = scenario.workspace;
  await bothOpen();
});
afterAll(() => scenario[Symbol.asyncDispose]());

/** Resolves when both connections are open, and neither is about to be replaced. */
const bothOpen = (of = workspace) => of.until(() => of.connections === 2 && of.leavingConnections === 0);

const asked = () => workspace.calls.filter(({ method }) => method === 'apps.connections.open');

/** Types one command after the other while something happens. Throws where one gets no response. */
async function meanwhile(happens: () => Promise<unknown>): Promise<void> {
  const { dana } = people(scenario);
  const over = new AbortController();
  const typing = (async () => {
    while (!over.signal.aborted) await dana.types('/registrations');
  })();
  await Promise.race([happens(), typing]).finally(() => over.abort());
  await typing;
}

/** Resolves when so many connections were replaced by new ones, which then take what people do. */
async function renewed(before: number, count: number): Promise<void> {
  await workspace.until(() => asked().length >= before + count);
  await bothOpen();
  await people(scenario).dana.types('/registrations');
  await people(scenario).dana.types('/registrations');
}

describe('Slack requests a reconnect', () => {
  it.each(['warning', 'refresh_requested', 'link_disabled'] as const)(
    'over both connections at once (%s): one is renewed after the other, and every command is answered',
    async (reason) => {
      const before = asked().length;
      await meanwhile(async () => {
        workspace.disconnect(reason, 2);
        await renewed(before, 2);
      });
    },
  );

  it('during a form submission: it is acknowledged over the connection that it came over', async () => {
    const { dana, alex, priya } = people(scenario);
    await requests(dana, alex);
    await priya.clicks('Reject', { in: 'api-requests' });
    await priya.fills('Reason', 'Not now');
    const row = await holdRegistrations(scenario.database);
    const submitted = priya.submits();
    await waitForBlocked(scenario.database, 1);
    const before = asked().length;
    workspace.disconnect('refresh_requested', 2);
    // The other one is replaced; this one waits for its answer.
    await workspace.until(() => asked().length >= before + 2 && workspace.leavingConnections === 1);
    await dana.types('/register');
    await row.release();
    expect(await submitted).toEqual({ closed: true });
    await dana.closes();
    await renewed(before, 2);
  });

  it('while a command is on its way over the old connection: it is acknowledged there', async () => {
    await using patient = await openScenario({ socketMode: { ...socketMode, drainDelay: 60_000 } });
    const slack = patient.workspace;
    const { dana, alex, priya } = people(patient);
    await bothOpen(slack);
    const arrives = slack.delayEnvelopes();
    const typed = [dana.types('/registrations'), alex.types('/registrations')];
    slack.disconnect('refresh_requested', 2);
    await slack.until(() => slack.connections - slack.leavingConnections === 2);
    await priya.types('/registrations');
    arrives();
    await Promise.all(typed);
  });

  it('while no new connection can be opened: the old one stays open as long as Slack allows', async () => {
    const before = asked().length;
    workspace.fail(
      'apps.connections.open',
      { kind: 'error', error: 'internal_error' },
      { times: Number.POSITIVE_INFINITY },
    );
    workspace.dropConnections(1);
    await meanwhile(async () => {
      await workspace.until(() => asked().length > before);
      workspace.disconnect('warning', 1);
      await workspace.until(() => asked().length > before + 3);
      expect(workspace.connections).toBe(1);
      workspace.clearFaults();
      await bothOpen();
    });
  });
});

describe('connections are lost', () => {
  it('one of them, silently: interactions arrive over the other', async () => {
    const before = asked().length;
    workspace.dropConnections(1);
    await meanwhile(() => renewed(before, 1));
  });

  it('both, silently: the bot notices missing pongs', async () => {
    await using quick = await openScenario({ socketMode: { ...socketMode, pongTimeout: 400 } });
    await bothOpen(quick.workspace);
    quick.workspace.silenceConnections(2);
    await bothOpen(quick.workspace);
    await people(quick).dana.types('/registrations');
  });
});

describe('Slack gives no connection', () => {
  /** Each of them more than once in a row, and one after another: some the SDK takes for final. */
  const faults: Fault[] = [
    { kind: 'server-error' },
    { kind: 'reset' },
    { kind: 'malformed' },
    { kind: 'error', error: 'internal_error' },
    { kind: 'error', error: 'invalid_auth' },
    { kind: 'error', error: 'internal_error' },
    { kind: 'error', error: 'team_disabled' },
    { kind: 'hang' },
    { kind: 'rate-limited', retryAfter: 1 },
  ];

  it('whatever it responds: interactions arrive over the other, and in the end both are open', async () => {
    const before = asked().length;
    for (const fault of faults) workspace.fail('apps.connections.open', fault);
    workspace.dropConnections(1);
    await meanwhile(() => renewed(before, faults.length + 1));
    const [limited, next] = asked().slice(-2);
    expect((next?.at ?? 0) - (limited?.at ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  /** The shortest time that so many tries of both may take: pauses that double, and are cut by half at most. */
  const leastFor = 300;

  it('for either of them: retries back off', async () => {
    workspace.fail(
      'apps.connections.open',
      { kind: 'error', error: 'invalid_auth' },
      { times: Number.POSITIVE_INFINITY },
    );
    const before = asked().length;
    workspace.dropConnections();
    await workspace.until(() => asked().length >= before + 14);
    const [first, last] = [asked()[before], asked()[before + 13]];
    expect((last?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(leastFor);
    const { dana } = people(scenario);
    await dana.types('/registrations', { expectFailure: true });
    expect((await fetch(`http://127.0.0.1:${scenario.bot.port}/readyz`)).status).toBe(503);
    workspace.clearFaults();
    await bothOpen();
    await dana.types('/registrations');
    expect((await fetch(`http://127.0.0.1:${scenario.bot.port}/readyz`)).status).toBe(200);
  });

  it('that lasts: a connection that is cut at once counts as a failure', async () => {
    const before = asked().length;
    const cutting = workspace.onChange(() => workspace.dropConnections());
    workspace.dropConnections();
    await workspace.until(() => asked().length >= before + 14);
    cutting();
    const [first, last] = [asked()[before], asked()[before + 13]];
    expect((last?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(leastFor);
    await bothOpen();
  });

  it('that says hello: it is given up, and another one is opened', async () => {
    const before = asked().length;
    const greet = workspace.holdHello();
    workspace.dropConnections(1);
    await workspace.until(() => asked().length >= before + 2);
    greet();
    await bothOpen();
    await people(scenario).dana.types('/registrations');
  });

  it('but one: the bot starts with it, and opens the other later', async () => {
    const strangers = await Promise.all(Array.from({ length: 7 }, () => stranger()));
    await workspace.until(() => workspace.connections === 9);
    const another = await scenario.startAnother();
    expect(workspace.connections).toBe(10);
    for (const one of strangers) one.close();
    await workspace.until(() => workspace.connections === 4);
    await another.stop();
    await bothOpen();
  });
});

describe('Slack counts the connections of the app', () => {
  /** A bot that logs here, and the warnings about its connections. */
  async function openCounted() {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
    const counted = await openScenario({ socketMode, log });
    await bothOpen(counted.workspace);
    const warnings = () => lines.filter((line) => line.startsWith('Slack counts'));
    const count = async () => (await scrape(counted.bot.port)).value('registrar_socket_mode_connections');
    return { counted, slack: counted.workspace, warnings, count };
  }

  it('as many as its replicas open, also while they are renewed: nothing is said; one more: the log says so', async () => {
    const { counted, slack, warnings, count } = await openCounted();
    await using _ = counted;
    expect(await count()).toBe(2);
    await counted.startAnother();
    await slack.until(() => slack.connections === 4);
    slack.disconnect('refresh_requested', 2);
    await slack.until(() => slack.leavingConnections === 2);
    await slack.until(() => slack.connections === 4 && slack.leavingConnections === 0);
    expect(await count()).toBe(4);
    const other = await stranger(slack);
    await slack.until(() => slack.connections === 5);
    slack.dropConnections(1);
    await eventually('the log says it', async () => warnings().length > 0);
    expect(warnings()).toEqual([expect.stringMatching(/^Slack counts 5 .*2 replicas have 2 each.*SLACK_APP_TOKEN/)]);
    other.close();
  });

  it('eight and more, from any replica: the log says that clicks will be lost', async () => {
    const { counted, slack, warnings } = await openCounted();
    await using _ = counted;
    for (const expected of [4, 6, 8]) {
      await counted.startAnother();
      await slack.until(() => slack.connections === expected);
    }
    await eventually('the log says it', async () => warnings().length > 0);
    expect(warnings()).toEqual([expect.stringMatching(/^Slack counts 8 .*at ten, clicks are lost/)]);
  });
});

/** Another program with the same app token. */
async function stranger(slack = workspace): Promise<WebSocket> {
  const headers = { authorization: `Bearer ${slack.appToken}` };
  const response = await fetch(`${slack.apiUrl}apps.connections.open`, { method: 'POST', headers });
  const { url } = Object(await response.json());
  return new WebSocket(String(url));
}
