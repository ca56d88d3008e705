/** Kong and Konnect, as they are and as they fail: in the end the gateway is as it should be, and nothing is said that is not so. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/access/failure.ts';
import type { Applied, FoundConsumer, Gateway, Order } from '../../../src/access/gateway.ts';
import { makeKey, type NewKey } from '../../../src/access/keys.ts';
import { createKong } from '../../../src/access/kong.ts';
import { createHttpClient } from '../../../src/http-client.ts';
import { type GatewayFault, type LocalGateway, openLocalGateway } from '../../local-gateway/local-gateway.ts';
import { vendorDocument } from '../../local-gateway/vendor-documents.ts';

/** As the program calls. */
const { fetch } = createHttpClient();

const application = { id: '3b2f6c0e-6a55-4a7e-9d0b-1f2a5f1c7d11', name: 'Shop', owners: ['U1'] };
const username = `registrar-${application.id}`;
const routes = [
  { path: '/payments', allow: ['payments'] },
  { path: '/ledger', allow: ['ledger'] },
];
const governed = ['payments', 'ledger', 'orders'];

const wanting = (...groups: string[]): Order => ({
  application,
  wanted: { groups, governed },
  confirmed: [],
  backing: new Map(),
});
const deleted: Order = { ...wanting(), wanted: null };

/** The client of a local gateway. Nothing in these tests is slower than its limit, but what never answers. */
const client = (gateway: LocalGateway, timeout = 10_000): Gateway =>
  createKong(
    {
      name: 'edge',
      header: 'apikey',
      proxy: undefined,
      kind: gateway.kind,
      url: gateway.url,
      token: gateway.token ?? undefined,
    },
    fetch,
    timeout,
  );

const keysOf = (kong: Gateway) => {
  if (!kong.keys) throw new Error('Kong takes keys');
  return kong.keys;
};

const failureOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GatewayError);
  return (error as GatewayError).failure;
};

describe.each(['kong', 'konnect'] as const)('%s', (kind) => {
  it('takes an application from nothing to its groups and a key, and back', async () => {
    await using gateway = await openLocalGateway({ kind, routes });
    const kong = client(gateway);
    expect(await kong.apply(wanting('payments'))).toEqual({ open: ['payments'], pending: [], failure: undefined });
    const key = makeKey();
    await keysOf(kong).put(application.id, key);
    const call = (path: string) => gateway.call({ path, key: key.secret }).status;
    expect([call('/payments'), call('/ledger')]).toEqual([200, 403]);
    expect((await kong.apply(wanting('payments', 'ledger'))).open.sort()).toEqual(['ledger', 'payments']);
    expect(call('/ledger')).toBe(200);
    expect((await kong.apply(wanting('ledger'))).open).toEqual(['ledger']);
    expect([call('/payments'), call('/ledger')]).toEqual([403, 200]);
    await kong.apply(deleted);
    expect([call('/payments'), gateway.store.consumers.size, gateway.store.keys.size]).toEqual([401, 0, 0]);
    await kong.apply(deleted);
  });

  it('writes nothing where nothing is to be changed', async () => {
    await using gateway = await openLocalGateway({ kind });
    const kong = client(gateway);
    await kong.apply(wanting('payments'));
    const before = gateway.exchanges.length;
    await kong.apply(wanting('payments'));
    expect(gateway.exchanges.slice(before).map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  it('two keys work at a time, and the one that is removed does not', async () => {
    await using gateway = await openLocalGateway({ kind, routes });
    const kong = client(gateway);
    await kong.apply(wanting('payments'));
    const [first, second] = [makeKey(), makeKey()];
    for (const key of [first, second, second]) await keysOf(kong).put(application.id, key);
    const call = (key: NewKey) => gateway.call({ path: '/payments', key: key.secret }).status;
    expect([call(first), call(second)]).toEqual([200, 200]);
    await keysOf(kong).remove(application.id, first.id);
    await keysOf(kong).remove(application.id, first.id);
    expect([call(first), call(second)]).toEqual([401, 200]);
    expect(await keysOf(kong).list(application.id)).toEqual([{ id: second.id, lastFour: second.secret.slice(-4) }]);
  });

  it('reads everything under our tag, to the last page', async () => {
    await using gateway = await openLocalGateway({ kind, pageSize: 2 });
    const kong = client(gateway);
    const ids = Array.from({ length: 7 }, () => randomUUID());
    for (const id of ids)
      await kong.apply({ ...wanting('payments', 'ledger', 'orders'), application: { ...application, id } });
    gateway.store.putConsumer('somebody-else', { username: 'somebody-else' });
    const found: FoundConsumer[] = [];
    for await (const page of kong.consumers?.() ?? []) found.push(...page);
    expect(found.map((one) => one.application).sort()).toEqual(ids.sort());
    expect(found.every(({ groups }) => groups.length === 3 && groups.every(({ ours }) => ours))).toBe(true);
  });

  it('says what it sends and reads as the vendor’s document does', async ({ skip }) => {
    const document = await vendorDocument(kind);
    if (!document) return skip("the vendor's OpenAPI documents are not on this machine (../shared/design)");
    await using gateway = await openLocalGateway({ kind, pageSize: 2 });
    const kong = client(gateway);
    await kong.apply(wanting('payments', 'ledger', 'orders'));
    const key = makeKey();
    await keysOf(kong).put(application.id, key);
    await keysOf(kong).list(application.id);
    for await (const _ of kong.consumers?.() ?? []);
    await kong.inspect();
    await keysOf(kong).remove(application.id, key.id);
    await kong.apply(wanting('payments'));
    await kong.apply(deleted);
    expect(gateway.exchanges.length).toBeGreaterThan(20);
    expect(document.differences(gateway)).toEqual([]);
  });
});

describe('what others have made', () => {
  it('a group of ours that was made by hand is adopted, tagged, and later removed', async () => {
    await using gateway = await openLocalGateway({ routes });
    const kong = client(gateway);
    await kong.apply(wanting('ledger'));
    const consumer = gateway.store.consumer(username);
    if (!consumer) throw new Error('no consumer');
    const { id } = gateway.store.putAcl(consumer, 'payments', { group: 'payments', tags: ['by-hand'] });
    gateway.store.putAcl(consumer, 'partners', { group: 'partners' });
    await kong.apply(wanting('payments', 'ledger'));
    expect(gateway.store.acls.get(id)).toMatchObject({ group: 'payments', tags: ['by-hand', 'registrar'] });
    await kong.apply(wanting());
    expect(gateway.groupsOf(username)).toEqual(['partners']);
  });

  it('a group that is made by hand between the look and the write is adopted too', async () => {
    await using gateway = await openLocalGateway();
    const kong = client(gateway);
    await kong.apply(wanting('ledger'));
    const held = gateway.hold('PUT /consumers/:consumer/acls/:acl');
    const applying = kong.apply(wanting('ledger', 'payments'));
    await held.reached;
    const consumer = gateway.store.consumer(username);
    if (!consumer) throw new Error('no consumer');
    gateway.store.putAcl(consumer, 'payments', { group: 'payments' });
    held.release();
    expect((await applying).failure).toBeUndefined();
    expect(gateway.groupsOf(username)).toEqual(['ledger', 'payments']);
    expect(gateway.store.acl(consumer, 'payments')?.tags).toEqual(['registrar']);
  });

  it.each([
    ['under our custom_id', { username: 'shop', custom_id: application.id }],
    ['under our name', { username }],
  ])('a consumer %s and another id is adopted, with its own tags', async (_, fields) => {
    await using gateway = await openLocalGateway({ routes });
    const kong = client(gateway);
    const { id } = gateway.store.putConsumer(randomUUID(), { ...fields, tags: ['restored'] });
    const consumer = gateway.store.consumer(id);
    if (!consumer) throw new Error('no consumer');
    gateway.store.putAcl(consumer, 'ledger', { group: 'ledger' });
    expect(await kong.apply(wanting('payments'))).toMatchObject({ open: ['payments'], failure: undefined });
    expect(gateway.store.consumer(id)).toMatchObject({
      username,
      custom_id: application.id,
      tags: ['restored', 'registrar'],
    });
    const key = makeKey();
    await keysOf(kong).put(application.id, key);
    expect(gateway.call({ path: '/payments', key: key.secret }).status).toBe(200);
    expect(gateway.call({ path: '/ledger', key: key.secret }).status).toBe(403);
  });

  it('a consumer of ours whose custom_id was changed is still found when access is taken away', async () => {
    await using gateway = await openLocalGateway({ routes });
    const kong = client(gateway);
    await kong.apply(wanting('payments'));
    const { id } = gateway.store.consumer(username) ?? { id: '' };
    gateway.store.putConsumer(id, { username: 'renamed', custom_id: 'other' });
    expect((await kong.apply(wanting())).open).toEqual([]);
    expect(gateway.groupsOf('renamed')).toEqual([]);
  });

  it('a consumer under our name that has neither our id nor our custom_id loses its groups, and goes with its application', async () => {
    await using gateway = await openLocalGateway({ routes });
    const kong = client(gateway);
    const restored = gateway.store.putConsumer(randomUUID(), { username });
    gateway.store.putAcl(restored, 'payments', { group: 'payments' });
    await kong.apply(wanting());
    expect(gateway.groupsOf(username)).toEqual([]);
    await kong.apply(deleted);
    expect(gateway.store.consumers.size).toBe(0);
  });

  it('two consumers that both have something of ours are a conflict that a person hears of', async () => {
    await using gateway = await openLocalGateway();
    gateway.store.putConsumer(randomUUID(), { username: 'one', custom_id: application.id });
    gateway.store.putConsumer(randomUUID(), { username });
    const { failure } = await client(gateway).apply(wanting('payments'));
    expect(failure?.failure).toBe('conflict');
    expect(failure?.message).toContain(username);
  });
});

describe('what is answered otherwise than hoped', () => {
  const group = 'DELETE /consumers/:consumer/acls/:acl';

  it.each([404, 500] as const)(
    'a consumer that vanishes before its group is removed (%i) has lost the group',
    async (status) => {
      await using gateway = await openLocalGateway({ childOfNobody: status });
      const kong = client(gateway);
      await kong.apply(wanting('payments'));
      gateway.fail(group, { kind: 'wiped' });
      expect(await kong.apply(wanting())).toEqual({ open: [], pending: [], failure: undefined });
    },
  );

  it('a 500 is looked into: a group that is still there is still open', async () => {
    await using gateway = await openLocalGateway();
    const kong = client(gateway);
    await kong.apply(wanting('payments'));
    gateway.fail(group, { kind: 'server-error' });
    const { open, failure } = await kong.apply(wanting());
    expect([open, failure?.failure]).toEqual([['payments'], 'server-error']);
  });

  it('a grant that fails does not hold up a removal', async () => {
    await using gateway = await openLocalGateway();
    const kong = client(gateway);
    await kong.apply(wanting('payments'));
    gateway.fail('PUT /consumers/:consumer/acls/:acl', { kind: 'server-error' });
    const { open, failure } = await kong.apply(wanting('ledger'));
    expect([open, failure?.failure, gateway.groupsOf(username)]).toEqual([[], 'server-error', []]);
  });

  it('a DB-less Kong is read-only, in words', async () => {
    await using gateway = await openLocalGateway({ dbless: true });
    const { failure } = await client(gateway).apply(wanting('payments'));
    expect(failure?.failure).toBe('read-only');
    expect(failure?.message).toContain('DB-less');
  });

  it('a wrong token is refused, and not told', async () => {
    await using gateway = await openLocalGateway();
    const kong = createKong(
      { name: 'edge', header: 'apikey', proxy: undefined, kind: 'kong', url: gateway.url, token: 'not-the-token' },
      fetch,
    );
    const error = await kong.apply(wanting('payments')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ failure: 'unauthorized' });
    expect(JSON.stringify(error) + String(error)).not.toContain('not-the-token');
  });

  it('a redirect is not followed: what it names would be given the token', async () => {
    const asked: string[] = [];
    const kong = createKong(
      { name: 'edge', header: 'apikey', proxy: undefined, kind: 'kong', url: 'http://gateway.test', token: 't' },
      async (url) => {
        asked.push(url);
        return { status: 307, headers: { get: () => null }, text: async () => '' };
      },
    );
    expect(await failureOf(kong.apply(wanting('payments')))).toBe('redirected');
    expect(asked).toHaveLength(1);
  });

  it('a page that is not Kong’s, and a list that never ends, are no answers', async () => {
    await using gateway = await openLocalGateway({ pageSize: 1 });
    const kong = client(gateway);
    gateway.fail('GET /consumers', { kind: 'malformed' });
    expect(await failureOf(kong.apply(wanting('payments')))).toBe('bad-answer');
    const page = JSON.stringify({ data: [], offset: 'again', next: null });
    const answer = { status: 200, headers: { get: () => null }, text: async () => page };
    const endless = createKong(
      { name: 'edge', header: 'apikey', proxy: undefined, kind: 'kong', url: 'http://gateway.test', token: 't' },
      async () => answer,
    );
    expect(await failureOf(endless.apply(wanting('payments')))).toBe('bad-answer');
  });

  it('how long to wait is what the gateway says', async () => {
    await using gateway = await openLocalGateway();
    gateway.fail('GET /consumers', { kind: 'rate-limited', retryAfter: 7 });
    const error = await client(gateway)
      .apply(wanting('payments'))
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ failure: 'rate-limited', retryAfter: 7_000 });
  });

  it('no error holds the key that was sent, whatever is answered', async () => {
    await using gateway = await openLocalGateway();
    const kong = client(gateway);
    await kong.apply(wanting('payments'));
    const key = makeKey();
    await keysOf(kong).put(application.id, key);
    const conflict = await keysOf(kong)
      .put(application.id, { ...key, id: randomUUID() })
      .catch((reason: unknown) => reason);
    expect(gateway.exchanges.at(-1)?.answer).toMatchObject({ fields: { key: key.secret } });
    expect(conflict).toMatchObject({ failure: 'conflict' });
    for (const fault of ['malformed', 'server-error', 'reset'] as const) {
      gateway.fail('PUT /consumers/:consumer/key-auth/:key', { kind: fault });
      const error = await keysOf(kong)
        .put(application.id, key)
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(GatewayError);
      expect(`${error} ${JSON.stringify(error)} ${(error as Error).stack}`).not.toContain(key.secret);
    }
    expect(`${conflict} ${JSON.stringify(conflict)}`).not.toContain(key.secret);
  });
});

describe('inspected', () => {
  it('a gateway says its version, that it can be written, and which groups its plugins let through', async () => {
    await using gateway = await openLocalGateway({ routes, pageSize: 1 });
    const { allowed, ...report } = await client(gateway).inspect();
    expect(report).toEqual({ version: '2.8.5', dbless: false, writes: true });
    expect(allowed?.sort()).toEqual(['ledger', 'payments']);
    expect(gateway.store.consumers.size).toBe(0);
  });

  it.each(['accept-then-drop', 'malformed'] as const)(
    'what it has written on trial is removed also after %s',
    async (kind) => {
      await using gateway = await openLocalGateway();
      gateway.fail('PUT /consumers/:consumer', { kind });
      expect((await client(gateway).inspect()).writes).toBeInstanceOf(GatewayError);
      expect(gateway.store.consumers.size).toBe(0);
    },
  );

  it('one that does not keep tags says so', async () => {
    await using gateway = await openLocalGateway();
    const untagged = createKong(
      { name: 'edge', header: 'apikey', proxy: undefined, kind: 'kong', url: gateway.url, token: gateway.token ?? '' },
      async (url, init) => {
        const { tags: _, ...body } = JSON.parse(init.body ?? '{}');
        return fetch(url, init.body ? { ...init, body: JSON.stringify(body) } : init);
      },
    );
    expect((await untagged.inspect()).writes).toBe('tags-lost');
  });

  it('a DB-less one, one that does not take the token, one that is away', async () => {
    await using gateway = await openLocalGateway({ dbless: true });
    expect(await client(gateway).inspect()).toMatchObject({ dbless: true, writes: { failure: 'read-only' } });
    const stranger = createKong(
      { name: 'edge', header: 'apikey', proxy: undefined, kind: 'kong', url: gateway.url, token: 'no' },
      fetch,
    );
    expect(await failureOf(stranger.inspect())).toBe('unauthorized');
    const away = createKong(
      { name: 'edge', header: 'apikey', proxy: undefined, kind: 'kong', url: 'http://127.0.0.1:9', token: 'no' },
      fetch,
    );
    expect(await failureOf(away.inspect())).toBe('unreachable');
  });
});

/** What is done at the gateway, from where, and how it ends. `also`: what else is there, or goes wrong once. */
type Work = { before: Order[]; also?: (gateway: LocalGateway) => unknown; order: Order; groups: string[] | undefined };

const works: Record<string, Work> = {
  'a first grant': { before: [], order: wanting('payments', 'ledger'), groups: ['ledger', 'payments'] },
  'a grant and a removal': { before: [wanting('payments')], order: wanting('ledger'), groups: ['ledger'] },
  'a removal of all': { before: [wanting('payments', 'ledger')], order: wanting(), groups: [] },
  'the deletion of the application': { before: [wanting('payments')], order: deleted, groups: undefined },
  'a grant where others have made the consumer and the group': {
    before: [],
    also({ store }) {
      const made = store.putConsumer(randomUUID(), { username });
      store.putAcl(made, 'payments', { group: 'payments' });
    },
    order: wanting('payments'),
    groups: ['payments'],
  },
  'a removal that is answered with 500, and looked into': {
    before: [wanting('payments')],
    also: (gateway) => gateway.fail('DELETE /consumers/:consumer/acls/:acl', { kind: 'server-error' }),
    order: wanting(),
    groups: [],
  },
};

const faults: GatewayFault[] = [
  { kind: 'rate-limited', retryAfter: 1 },
  { kind: 'server-error' },
  { kind: 'reset' },
  { kind: 'accept-then-drop' },
  { kind: 'hang' },
  { kind: 'malformed' },
  { kind: 'wiped' },
];

describe.each(Object.entries(works))('%s, with every fault at every call', (_, { before, also, order, groups }) => {
  it.each(faults)('$kind', async (fault) => {
    await using dry = await openLocalGateway({ pageSize: 1 });
    for (const one of before) await client(dry).apply(one);
    also?.(dry);
    const first = dry.exchanges.length;
    await client(dry).apply(order);
    const calls = dry.exchanges.length - first;
    expect(calls).toBeGreaterThan(0);
    await Promise.all(Array.from({ length: calls }, (_, call) => meets(call)));

    async function meets(call: number): Promise<void> {
      await using gateway = await openLocalGateway({ pageSize: 1 });
      for (const one of before) await client(gateway).apply(one);
      also?.(gateway);
      const staged = gateway.fail('*', fault, { after: call });
      // Only what never answers has to be waited for.
      const kong = client(gateway, fault.kind === 'hang' ? 300 : 10_000);
      let applied: Applied | undefined;
      for (let tries = 0; tries < 4 && !(applied && !applied.failure); tries++) {
        applied = await kong.apply(order).catch((error: unknown) => {
          expect(error).toBeInstanceOf(GatewayError);
          return undefined;
        });
        if (applied) expect(notTold(gateway, applied)).toEqual([]);
      }
      expect([call, staged.met]).toEqual([call, 1]);
      expect([call, applied?.failure]).toEqual([call, undefined]);
      // Wiped at its last call, the gateway has lost what it confirmed: only looking again can find that.
      if (fault.kind === 'wiped') await kong.apply(order);
      expect([call, gateway.groupsOf(username) ?? (groups?.length === 0 ? [] : undefined)]).toEqual([call, groups]);
    }
  });
});

const key = makeKey();

/** What else is asked of a gateway; all of it may be repeated. `act` rejects where it is to be, and `ends` says how it ends. */
const more: Record<
  string,
  {
    before?: (kong: Gateway) => Promise<unknown>;
    act: (kong: Gateway) => Promise<FoundConsumer[] | undefined>;
    ends: (gateway: LocalGateway, found: FoundConsumer[] | undefined) => void;
  }
> = {
  'a key': {
    async act(kong) {
      const { failure } = await kong.apply(wanting('payments'));
      if (failure) throw failure;
      await keysOf(kong).put(application.id, key);
      return undefined;
    },
    ends: (gateway) => {
      expect(gateway.store.keys.size).toBe(1);
      expect(gateway.call({ path: '/payments', key: key.secret }).status).toBe(200);
    },
  },
  'the removal of a key': {
    async before(kong) {
      await kong.apply(wanting('payments'));
      await keysOf(kong).put(application.id, key);
    },
    async act(kong) {
      await keysOf(kong).remove(application.id, key.id);
      return undefined;
    },
    ends: (gateway) => expect(gateway.call({ path: '/payments', key: key.secret }).status).toBe(401),
  },
  'reading all that is there': {
    async before(kong) {
      for (const id of [application.id, randomUUID()])
        await kong.apply({ ...wanting('payments'), application: { ...application, id } });
      await keysOf(kong).put(application.id, key);
    },
    async act(kong) {
      const found: FoundConsumer[] = [];
      for await (const page of kong.consumers?.() ?? []) found.push(...page);
      return found;
    },
    ends({ store }, found) {
      const counted = [
        found?.length,
        found?.flatMap(({ groups }) => groups).length,
        found?.flatMap(({ keys }) => keys).length,
      ];
      expect(counted).toEqual([store.consumers.size, store.acls.size, store.keys.size]);
    },
  },
  'an inspection': {
    async act(kong) {
      const { writes, allowed } = await kong.inspect();
      if (writes !== true) throw writes;
      if (!allowed) throw new GatewayError('edge', 'bad-answer', 'plugins cannot be read');
      return undefined;
    },
    ends: ({ store }) => expect(store.consumer('registrar-doctor')).toBeUndefined(),
  },
};

describe.each(Object.entries(more))('%s, with every fault at every call', (_, { before, act, ends }) => {
  it.each(faults)('$kind', async (fault) => {
    await using dry = await openLocalGateway({ pageSize: 1, routes });
    await before?.(client(dry));
    const first = dry.exchanges.length;
    await act(client(dry));
    const calls = dry.exchanges.length - first;
    expect(calls).toBeGreaterThan(1);
    await Promise.all(Array.from({ length: calls }, (_, call) => meets(call)));

    async function meets(call: number): Promise<void> {
      await using gateway = await openLocalGateway({ pageSize: 1, routes });
      await before?.(client(gateway));
      const staged = gateway.fail('*', fault, { after: call });
      const kong = client(gateway, fault.kind === 'hang' ? 300 : 10_000);
      let { tries, found } = await tried(() => act(kong));
      expect([call, staged.met]).toEqual([call, 1]);
      // What was lost after it had been done, or read, is found by doing it again.
      if (fault.kind === 'wiped') found = await act(kong);
      else expect([call, tries]).toEqual([call, 2]);
      ends(gateway, found);
    }
  });
});

/** Does it again until it succeeds; returns how many times it was done. All that it may fail by is an error of the gateway. */
async function tried<T>(act: () => Promise<T>): Promise<{ tries: number; found: T }> {
  for (let tries = 1; ; tries++) {
    try {
      return { tries, found: await act() };
    } catch (error) {
      expect(error).toBeInstanceOf(GatewayError);
      expect(tries).toBeLessThan(4);
    }
  }
}

/** The groups that calls go through with, and that are not said to be open; but for a grant whose answer was lost. */
function notTold(gateway: LocalGateway, { open, failure }: Applied): string[] {
  const groups = gateway.groupsOf(username) ?? [];
  return groups.filter((group) => !open.includes(group) && !failure?.message.includes(`write the group ${group}`));
}
