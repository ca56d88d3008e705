/** HTTP mode behind a balancer that keeps its connections: none of them is closed under it. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startNginx, withoutNginx } from '../support/debian.ts';
import { openScenario } from '../support/scenario.ts';
import { people, requests } from '../support/steps.ts';

if (withoutNginx) console.warn(`test/operations/balancers.test.ts is skipped: ${withoutNginx}`);

/** Lists the other ends of the connections that are open to a port of this machine (proc_pid_net(5)). */
const peersOf = (port: number): string[] =>
  readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === '01' && Number.parseInt(local?.split(':')[1] ?? '', 16) === port)
    .map(([, , peer]) => peer ?? '')
    .sort();

/** In milliseconds: longer than the five seconds after which Node closes an idle connection by itself, and its second of grace. */
const idle = 7_000;

describe.skipIf(withoutNginx)('behind nginx', () => {
  it('what people do is answered over connections that stay open while nothing happens', async () => {
    await using scenario = await openScenario({ mode: 'http' });
    const { workspace, bot } = scenario;
    const { dana, alex } = people(scenario);
    await using balancer = await startNginx(bot.port);
    workspace.deliverOver(`http://127.0.0.1:${balancer.port}/slack/events`);
    await requests(dana, alex);
    const kept = peersOf(bot.port);
    expect(kept.length).toBeGreaterThan(0);
    await pause(idle);
    expect(peersOf(bot.port)).toEqual(kept);
    await alex.clicks('Approve', { in: 'api-requests' });
    await dana.finds(/Approved by @alex/);
    expect(peersOf(bot.port)).toEqual(kept);
    expect(balancer.errors()).not.toMatch(/prematurely closed|\[error\]/);
  });
});
