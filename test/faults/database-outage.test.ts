/** Database outages: every user gets a true response in time, nothing is lost, and the bot recovers by itself. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { people, requests } from '../support/steps.ts';
import { createTcpProxy, type ProxyFault, type TcpProxy } from '../support/tcp-proxy.ts';

const again = 'Try again in a moment: nothing will happen twice.';
const slow =
  'Registrar is slow just now and still working on this. If nothing has changed in a minute, try again: nothing will happen twice.';

/** What Slack waits for, in milliseconds, and some for a machine that has other things to do. */
const inTime = 4_000;

type Scene = { scenario: Scenario; proxy: TcpProxy };
type Trouble = { begin: (at: Scene) => Promise<void>; end: (at: Scene) => Promise<void> };

const wired = (condition: ProxyFault): Trouble => ({
  begin: ({ proxy }) => proxy.setFault(condition),
  end: ({ proxy }) => proxy.setFault('none'),
});

/** As a provider does whose disk is full. Only sessions that begin afterwards are concerned, and they stay so. */
const readOnly =
  (on: boolean) =>
  async ({ scenario, proxy }: Scene) => {
    const [{ name = '' } = {}] = await scenario.database.sql`select current_database() as name`;
    await scenario.database.sql.unsafe(`alter database ${name} set default_transaction_read_only = ${on}`);
    if (on) proxy.cut();
  };

const troubles: [string, Trouble][] = [
  ['is stopped', wired('refused')],
  ['lets connections hang', wired('silent')],
  ['has no connection left', wired('full')],
  ['takes five seconds for each statement', wired('slow')],
  ['may only be read', { begin: readOnly(true), end: readOnly(false) }],
];

describe('a database that', () => {
  let scene: Scene;
  beforeAll(async () => {
    const proxy = Promise.withResolvers<TcpProxy>();
    const reach = async (url: string) => {
      proxy.resolve(await createTcpProxy(url));
      return (await proxy.promise).url;
    };
    scene = { scenario: await openScenario({ mode: 'http', reach }), proxy: await proxy.promise };
  });
  afterAll(async () => {
    await scene.scenario[Symbol.asyncDispose]();
    await scene.proxy[Symbol.asyncDispose]();
  });

  const readyz = async () => {
    const response = await fetch(`http://127.0.0.1:${scene.scenario.bot.port}/readyz`);
    return { status: response.status, failing: Object(await response.json()).failing };
  };

  it.each(troubles)('%s', async (what, trouble) => {
    const { scenario, proxy } = scene;
    const { workspace, database } = scenario;
    const { dana, sam, alex, priya, lee } = people(scenario);
    await requests(dana, alex, 'Payments API', what);
    await alex.finds(new RegExp(` for ${what}`), { in: 'api-requests' });
    const card = workspace.messages('api-requests').findLast(({ ephemeralTo }) => !ephemeralTo);
    if (!card) throw new Error('there is no card');
    await priya.clicks('Reject', { on: card });
    await priya.fills('Reason', `Because it ${what}`);
    await sam.types('/register');
    await sam.finds(/Register an application/, { in: 'modal' });
    const told = alex.whispers.length;
    const { id: form } = priya.view;

    await trouble.begin(scene);
    const since = performance.now();
    const answered = async (isSo: () => boolean) => {
      await workspace.until(isSo);
      return performance.now() - since;
    };
    const heard = answered(() => alex.whispers.length > told);
    const opened = answered(() => workspace.views(lee.id).length > 0);
    await Promise.all([
      alex.clicks('Approve', { on: card }),
      sam.searches('Services', 'led'),
      lee.types('/register payments'),
      priya.submits(),
    ]);
    for (const took of [performance.now() - since, await heard, await opened]) expect(took).toBeLessThan(inTime);
    expect([`Something went wrong, and Registrar couldn’t do this. ${again}`, slow]).toContain(alex.whispers[told]);
    const { status, failing } = await readyz();
    expect([status, Object.keys(failing)]).toEqual([503, ['database']]);

    await trouble.end(scene);
    await eventually('it is ready again', async () => (await readyz()).status === 200);
    // What was being worked on may have come to its end; otherwise the form is there, as it was filled in.
    await workspace.until(() => !priya.reads.includes('Still working on it'));
    if (/could not/.test(priya.reads)) {
      expect(priya.view.id).toBe(form);
      expect(priya.reads).toContain(`Because it ${what}`);
    }
    await alex.clicks('Approve', { on: card });
    const decided = async () => (await database.sql`select from registrations where status = 'pending'`).length === 0;
    await eventually('it is decided', decided);
    // The outbox lets a session that may not write go within a minute; a story need not wait for that.
    proxy.cut();
    // A message that was under way as the connection was cut is taken up again within about fifteen seconds.
    const decision = new RegExp(`(Approved by @alex|Rejected by @priya)\\n.*\\n.*${what}`);
    await workspace.until(() => dana.told.some((text) => decision.test(text)));
    for (const one of [sam, lee, priya]) {
      for (const view of workspace.views(one.id)) await workspace.close(one.id, view.id);
    }
  });

  it('fails over costs at most one retry', async () => {
    const { scenario, proxy } = scene;
    const { dana, alex } = people(scenario);
    await requests(dana, alex, 'Payments API', 'Failed over');
    await alex.finds(/ for Failed over/, { in: 'api-requests' });
    const told = alex.whispers.length;
    const done = () => dana.told.some((text) => /Approved by @alex[\s\S]*Failed over/.test(text));
    proxy.cut();
    await alex.clicks('Approve', { in: 'api-requests', on: /Failed over/ });
    await scenario.workspace.until(() => done() || alex.whispers.length > told);
    if (!done()) await alex.clicks('Approve', { in: 'api-requests', on: /Failed over/ });
    await scenario.workspace.until(done);
  });
});
