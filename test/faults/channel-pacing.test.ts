/** Where Slack takes no more in a channel, messages take turns: each its own, on any number of replicas. */
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/db/client.ts';
import { pause, reserve } from '../../src/db/outbox/channel-pacing.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { createDatabase } from '../support/database.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

describe('slots', () => {
  it('are not needed in a channel without rate limit, and are a second apart after one, each taken once', async () => {
    await using database = await createDatabase();
    const { sql, url } = database;
    const replicas = [0, 1].map(() => ({ tables: connect(url), outbox: createOutbox() }));
    const [one, two] = replicas.map(({ tables, outbox }) => ({ tables: tables.tables, outbox }));
    if (!one || !two) throw new Error('two replicas are needed');
    const go = undefined;

    expect(await reserve(one, 'C1', undefined)).toBe(go);
    const refused = await pause(one, 'C1', 30);
    const taken = await Promise.all([one, two, one, two].map((db) => reserve(db, 'C1', undefined)));
    const turns = [refused, ...taken].map((turn) => turn?.at.getTime() ?? 0).sort((a, b) => a - b);
    expect(turns.slice(1).map((turn, index) => turn - (turns[index] ?? 0))).toEqual([1050, 1050, 1050, 1050]);
    expect(refused.seconds).toBeGreaterThan(25);
    expect(await reserve(two, 'C2', undefined)).toBe(go);

    // Who comes in its turn goes; unless Slack has closed the channel again meanwhile.
    expect(await reserve(two, 'C1', taken[0]?.at)).toBe(go);
    const last = await pause(two, 'C1', 60);
    expect(last.at.getTime()).toBeGreaterThan(turns[4] ?? 0);
    const anew = await reserve(two, 'C1', taken[1]?.at);
    expect(anew?.at.getTime()).toBe(last.at.getTime() + 1050);

    // After a minute without waiting messages, the channel is no longer throttled.
    await sql`update channel_turns set free = now() - interval '61 seconds', closed_until = now() - interval '2 minutes'`;
    expect(await reserve(one, 'C1', undefined)).toBe(go);
    for (const { tables } of replicas) await tables.close();
  });
});

it('more cards than a channel takes at once are paced, each posted once, without refused calls', async () => {
  const slugs = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const catalog = `services:\n${slugs.map((slug) => `  - { slug: ${slug}, name: ${slug.toUpperCase()} API }\n`).join('')}`;
  await using scenario = await openScenario({ catalog, limited: true });
  const { workspace } = scenario;
  const { dana } = people(scenario);
  await asks(
    dana,
    slugs.map((slug) => `${slug.toUpperCase()} API`),
    'Shop',
  );
  await workspace.until(() => workspace.messages('api-requests').length === slugs.length);
  const calls = workspace.calls.filter(({ method }) => method === 'chat.postMessage');
  const refused = calls.filter(({ status }) => status === 429);
  expect(calls.length - refused.length).toBe(slugs.length);
  // Those that were on their way when Slack first refused one.
  expect(refused.length).toBeLessThanOrEqual(slugs.length - 3);
  expect(workspace.calls.filter(({ method }) => method === 'conversations.history')).toEqual([]);
});
