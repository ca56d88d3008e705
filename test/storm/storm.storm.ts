/**
 * 500 mixed actions by 20 people over two replicas, which are killed ten times, on a Slack and at a gateway that misbehave.
 * At the end the gateway is what the database says, nothing is lost, nothing doubled, and every user got a response, except where the process died while responding.
 * `STORM_SEED=… npm run test:storm` has the same people intend the same again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type GatewayFault, type LocalGateway, openLocalGateway } from '../local-gateway/local-gateway.ts';
import type { Fault } from '../local-slack/model.ts';
import { channel, person, seed } from '../local-slack/seed.ts';
import { environment } from '../support/bot.ts';
import { findViolations } from '../support/invariants.ts';
import { delivered, looksForCopies } from '../support/outbox.ts';
import { kill, runReady } from '../support/process.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { type Act, Actor, chance, patience } from './people.ts';

const wanted = { actions: Number(process.env.STORM_ACTIONS ?? 500), kills: Number(process.env.STORM_KILLS ?? 10) };
const chosen = Number(process.env.STORM_SEED ?? Date.now() % 1_000_000);

const names = Array.from({ length: 20 }, (_, index) => `p${String(index + 1).padStart(2, '0')}`);
/** Eight of them decide. */
const approvers = names.slice(0, 8);
/** Who leaves Slack, and after which part of all actions: one who decides, and two who do not. */
const leavers = new Map([
  ['p08', 0.4],
  ['p20', 0.55],
  ['p19', 0.7],
]);
const services = ['Payments API', 'Ledger API', 'Search API', 'Stock API'];
const catalogOf = ({ url }: LocalGateway) => `services:
  - { slug: payments, name: Payments API, access: { gateway: edge, group: money, credential: key } }
  - { slug: ledger, name: Ledger API, channel: C0LEDGER, access: { gateway: edge, group: money } }
  - { slug: search, name: Search API, approval: auto, access: { gateway: edge, group: search, credential: key } }
  - { slug: stock, name: Stock API, channel: C0STOCK }
gateways:
  - { name: edge, kind: kong, url: "${url}" }
`;

/** How Slack misbehaves, and how often: one call in twenty, or so. */
const faults: [Fault, number][] = [
  [{ kind: 'rate-limited', retryAfter: 1 }, 0.006],
  [{ kind: 'server-error' }, 0.006],
  [{ kind: 'reset' }, 0.006],
  [{ kind: 'malformed' }, 0.004],
  [{ kind: 'accept-then-drop' }, 0.008],
  [{ kind: 'error', error: 'internal_error' }, 0.004],
  [{ kind: 'delay', ms: 400 }, 0.01],
  [{ kind: 'hang' }, 0.001],
];

/** How the gateway misbehaves. */
const gatewayFaults: [GatewayFault, number][] = [
  [{ kind: 'rate-limited', retryAfter: 1 }, 0.02],
  [{ kind: 'server-error' }, 0.03],
  [{ kind: 'reset' }, 0.02],
  [{ kind: 'accept-then-drop' }, 0.03],
  [{ kind: 'malformed' }, 0.02],
  [{ kind: 'delay', ms: 300 }, 0.02],
];

/** Lists where the gateway has something else than approved registrations say, or the database does not know it. */
async function accessViolations({ workspace, database }: Scenario, gateway: LocalGateway): Promise<string[]> {
  const rows = await database.sql`
    select a.id, a.public_id, a.deleted_at is not null as deleted,
      array(select distinct s.access->>'group' from registrations r join services s on s.id = r.service_id
        where r.application_id = a.id and r.status = 'approved' and s.access is not null order by 1) as wanted,
      array(select group_name from application_access x where x.application_id = a.id and x.open order by 1) as known,
      array(select group_name from application_access x where x.application_id = a.id and x.open is null) as unsure
    from applications a`;
  const groups = rows.flatMap(({ id, public_id: publicId, deleted, wanted, known, unsure }) => {
    const there = gateway.groupsOf(`registrar-${publicId}`) ?? [];
    const expected = deleted ? [] : wanted;
    const same = [there, known].every((some) => JSON.stringify(some) === JSON.stringify(expected));
    return same && unsure.length === 0
      ? []
      : [`application ${id} should have ${expected}: the gateway has ${there}, known are ${known}, unsure ${unsure}`];
  });
  return [...groups, ...(await keyViolations({ workspace, database }, gateway))];
}

/** Lists keys that the gateway has and the database has not, or the other way round; and those that anything but a modal shows. */
async function keyViolations(
  { workspace, database }: Pick<Scenario, 'workspace' | 'database'>,
  { store }: LocalGateway,
): Promise<string[]> {
  const rows = await database.sql<{ id: string; inUse: boolean }[]>`
    select id, shown and removed_at is null as "inUse" from application_keys where not gone`;
  const known = new Set(rows.map(({ id }) => id));
  const messages = [...workspace.channels.keys()].flatMap((channel) => workspace.messages(channel));
  const read =
    JSON.stringify(messages) + JSON.stringify(await database.sql`select application_keys from application_keys`);
  return [
    ...rows.flatMap(({ id, inUse }) => (inUse && !store.keys.has(id) ? [`the gateway has lost the key ${id}`] : [])),
    ...[...store.keys.keys()].flatMap((id) =>
      known.has(id) ? [] : [`the gateway has the key ${id}, which no one knows`],
    ),
    ...[...store.keys.values()].flatMap(({ id, key }) =>
      read.includes(key) ? [`the key ${id} was written down`] : [],
    ),
  ];
}

it(`a storm (STORM_SEED=${chosen})`, async () => {
  process.stdout.write(`STORM_SEED=${chosen}\n`);
  const deciding = approvers.map((name) => `U0${name.toUpperCase()}`);
  const bot = 'U0REGISTRAR';
  const usual = seed({
    members: names.map((name) => person(name)),
    channels: [channel('C0LEDGER', 'ledger', [...deciding, bot]), channel('C0STOCK', 'stock', [...deciding, bot])],
  });
  await using gateway = await openLocalGateway({ pageSize: 3 });
  await using scenario = await openScenario({
    bots: 0,
    catalog: catalogOf(gateway),
    seed: usual,
    ackWithin: patience,
  });
  const { workspace, database } = scenario;
  for (const id of deciding) await workspace.join(id, 'api-requests');
  const env = environment(workspace, 'socket', {
    DATABASE_URL: database.url,
    CATALOG_FILE: scenario.catalogFile,
    GATEWAY_EDGE_TOKEN: gateway.token ?? '',
    APPROVERS: deciding.join(','),
    MAX_PENDING_PER_PERSON: '100',
  });
  const start = () => runReady(env);
  const replicas = await Promise.all([start(), start()]);
  // Also where the storm ends badly.
  await using _ = { [Symbol.asyncDispose]: async () => void (await Promise.all(replicas.map(kill))) };
  await workspace.until(() => workspace.connections === 4);

  const weather = chance(chosen + 1);
  for (const [fault, often] of faults) {
    // The connections themselves are another story's.
    workspace.fail('*', fault, { times: Number.POSITIVE_INFINITY, when: () => weather() < often });
  }
  for (const [fault, often] of gatewayFaults)
    gateway.fail('*', fault, { times: Number.POSITIVE_INFINITY, when: () => weather() < often });
  // It is not tried again: they are told in words.
  const unopened = { times: Number.POSITIVE_INFINITY, when: () => weather() < 0.04 };
  workspace.fail('views.open', { kind: 'error', error: 'internal_error' }, unopened);

  const acts: Act[] = [];
  let deaths = 0;
  let begun = 0;
  let struck = 0;
  let left = 0;
  const storm = { dying: Promise.resolve() };
  const blows = chance(chosen + 2);
  /** After how many actions each kill falls. */
  const blowsAt = Array.from({ length: wanted.kills }, (_, index) =>
    Math.floor(((index + blows()) * (wanted.actions - 40)) / wanted.kills + 20),
  );

  async function killOne(): Promise<void> {
    const which = blows() < 0.5 ? 0 : 1;
    const victim = replicas[which];
    if (!victim) return;
    await kill(victim);
    deaths += 1;
    replicas[which] = await start();
    await workspace.until(() => workspace.connections === 4);
  }

  async function live(name: string, index: number): Promise<void> {
    const actor = new Actor(scenario, workspace.person(name), chance(chosen + 100 + index), services);
    const mood = chance(chosen + 200 + index);
    for (;;) {
      // People look at what they do next; cards would otherwise come when all is over.
      await pause(mood() * 3_000);
      if (begun === wanted.actions) return;
      if (begun >= (leavers.get(name) ?? 1) * wanted.actions) {
        await workspace.deactivate(workspace.person(name).id);
        left += 1;
        return;
      }
      begun += 1;
      if (begun >= (blowsAt[struck] ?? Number.POSITIVE_INFINITY)) {
        struck += 1;
        // One after the other: the other replica takes the clicks meanwhile.
        const before = storm.dying;
        storm.dying = before.then(killOne);
      }
      const act = await actor.acts(approvers.includes(name));
      acts.push(act);
      if (process.env.STORM_TRACE)
        process.stdout.write(`${begun} ${act.who} ${act.what} ${act.took} ms ${act.answered}\n`);
    }
  }

  await Promise.all(names.map(live));
  await storm.dying;
  workspace.clearFaults();
  gateway.clearFaults();
  await delivered(scenario, 120_000);
  await looksForCopies(scenario);

  const config = readConfig(env);
  if (!config.ok) throw new Error(JSON.stringify(config.mistakes));
  // A process that dies while it answers leaves a picker empty; that is what was wanted.
  const protocolViolations = workspace.protocolViolations
    .splice(0)
    .filter((text) => !/^no options for .*: dispatch_failed$/.test(text));
  expect(await findViolations(scenario, config.config.policy)).toEqual([]);
  expect(await accessViolations(scenario, gateway)).toEqual([]);
  const unanswered = acts.filter(({ answered }) => !answered);
  expect(unanswered.filter(({ cutOff }) => !cutOff)).toEqual([]);
  expect(protocolViolations).toEqual([]);
  expect([deaths, left]).toEqual([wanted.kills, leavers.size]);

  const done = await database.sql`
    select action, count(*)::int from (
      select action from history union all select action from application_history union all select action from access_history) events
    group by 1 order by 2 desc`;
  const times = acts.flatMap(({ answered, took }) => (answered ? [took] : [])).toSorted((a, b) => a - b);
  const quantile = (part: number) => times[Math.floor(times.length * part)];
  const bad = workspace.calls.filter(({ status, response }) => status !== 200 || !response.ok).length;
  process.stdout.write(
    `${acts.length} actions, ${unanswered.length} cut short by ${deaths} deaths, ${left} left Slack; half answered within ${quantile(0.5)} ms, all but a hundredth within ${quantile(0.99)} ms; ${workspace.calls.length} calls, ${bad} of them bad; ${done.map(({ action, count }) => `${count} × ${action}`).join(', ')}\n`,
  );
});
