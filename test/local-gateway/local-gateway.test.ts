/** The local gateway answers as a Kong was measured to answer. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type LocalGateway, type Options, openLocalGateway } from './local-gateway.ts';

type Answer = { status: number; body: { [field: string]: unknown; data: Record<string, unknown>[] } };

const asking =
  (gateway: LocalGateway, headers: Record<string, string> = { 'kong-admin-token': gateway.token ?? '' }) =>
  async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(`${gateway.url}${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
  };

const consumer = randomUUID();
const acl = randomUUID();
const key = randomUUID();
const here = `/consumers/${consumer}`;
const shop = { username: 'shop', custom_id: '7', tags: ['registrar'] };

/** A gateway with one consumer in it. */
async function withShop(options: Options = {}) {
  const gateway = await openLocalGateway(options);
  const ask = asking(gateway);
  expect((await ask('PUT', here, shop)).status).toBe(200);
  return { gateway, ask, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
}

describe('consumers', () => {
  it('PUT may be repeated, and replaces: a field left out becomes null', async () => {
    await using there = await withShop();
    const { ask } = there;
    expect(await ask('PUT', here, shop)).toMatchObject({ status: 200, body: shop });
    expect((await ask('PUT', here, { username: 'shop' })).body).toMatchObject({ custom_id: null, tags: null });
  });

  it.each([
    ['username', { username: 'shop' }],
    ['custom_id', { custom_id: '7' }],
  ])('the same %s under another id is a 409', async (field, fields) => {
    await using there = await withShop();
    const answer = await there.ask('PUT', `/consumers/${randomUUID()}`, fields);
    expect(answer).toMatchObject({ status: 409, body: { code: 5, fields } });
    expect(Object.keys(answer.body.fields ?? {})).toEqual([field]);
  });

  it('DELETE is a 204 whether there or not, and takes groups and keys along', async () => {
    await using there = await withShop();
    const { ask, gateway } = there;
    await ask('PUT', `${here}/acls/${acl}`, { group: 'payments' });
    await ask('PUT', `${here}/key-auth/${key}`, { key: 'k' });
    expect((await ask('DELETE', here)).status).toBe(204);
    expect((await ask('DELETE', here)).status).toBe(204);
    expect([gateway.store.acls.size, gateway.store.keys.size]).toEqual([0, 0]);
  });

  it('are found by name and by custom_id', async () => {
    await using there = await withShop();
    expect((await there.ask('GET', '/consumers/shop')).body.id).toBe(consumer);
    expect((await there.ask('GET', '/consumers?custom_id=7')).body.data).toHaveLength(1);
    expect((await there.ask('GET', '/consumers?custom_id=8')).body.data).toHaveLength(0);
    expect((await there.ask('GET', '/consumers/nobody')).status).toBe(404);
  });
});

describe('groups', () => {
  it('PUT may be repeated; the same group under another id is a 409, and adopted by its name', async () => {
    await using there = await withShop();
    const { ask } = there;
    const body = { group: 'payments', tags: ['registrar'] };
    expect((await ask('PUT', `${here}/acls/${acl}`, body)).status).toBe(200);
    expect((await ask('PUT', `${here}/acls/${acl}`, body)).status).toBe(200);
    expect(await ask('PUT', `${here}/acls/${randomUUID()}`, body)).toMatchObject({ status: 409, body: { code: 5 } });
    expect(await ask('PUT', `${here}/acls/payments`, { group: 'payments' })).toMatchObject({
      status: 200,
      body: { id: acl, tags: null },
    });
  });

  it('DELETE is a 404 where it is not there', async () => {
    await using there = await withShop();
    expect((await there.ask('DELETE', `${here}/acls/${acl}`)).status).toBe(404);
  });
});

describe('keys', () => {
  it('PUT without the key makes another one each time', async () => {
    await using there = await withShop();
    const { ask } = there;
    const first = await ask('PUT', `${here}/key-auth/${key}`, {});
    const second = await ask('PUT', `${here}/key-auth/${key}`, {});
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(first.body.key).not.toBe(second.body.key);
    expect(await ask('PUT', `${here}/key-auth/${key}`, { key: 'k' })).toMatchObject({ body: { key: 'k' } });
  });

  it('the same key under another id is a 409', async () => {
    await using there = await withShop();
    await there.ask('PUT', `${here}/key-auth/${key}`, { key: 'k' });
    expect((await there.ask('PUT', `${here}/key-auth/${randomUUID()}`, { key: 'k' })).status).toBe(409);
  });
});

describe('under a consumer that is not there', () => {
  it.each([
    ['PUT', `/acls/${acl}`, { group: 'payments' }, 404],
    ['GET', '/acls', undefined, 404],
    ['GET', `/key-auth/${key}`, undefined, 404],
    ['DELETE', `/acls/${acl}`, undefined, 500],
    ['DELETE', `/key-auth/${key}`, undefined, 500],
  ])('%s %s', async (method, path, body, status) => {
    await using gateway = await openLocalGateway();
    expect((await asking(gateway)(method, `${here}${path}`, body)).status).toBe(status);
  });

  it('DELETE is a 404 since Kong 3.4', async () => {
    await using gateway = await openLocalGateway({ childOfNobody: 404 });
    expect((await asking(gateway)('DELETE', `${here}/acls/${acl}`)).status).toBe(404);
  });
});

describe('as strict as Kong', () => {
  it.each<[string, unknown, string]>([
    ['an unknown field', { username: 'a', colour: 'red' }, 'colour'],
    ['a wrong type', { username: 7 }, 'username'],
    ['a tag with a space', { username: 'a', tags: ['a b'] }, 'tags'],
    ['a tag with a comma', { username: 'a', tags: ['a,b'] }, 'tags'],
    ['a tag with a slash', { username: 'a', tags: ['a/b'] }, 'tags'],
    ['neither name nor custom_id', {}, '@entity'],
  ])('%s is a 400 that names the field', async (_, body, field) => {
    await using gateway = await openLocalGateway();
    const answer = await asking(gateway)('PUT', here, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 2, fields: { [field]: expect.any(String) } } });
  });

  it('only who has the token is served', async () => {
    await using kong = await openLocalGateway();
    expect((await asking(kong, {})('GET', '/consumers')).status).toBe(401);
    expect((await asking(kong, { authorization: `Bearer ${kong.token}` })('GET', '/consumers')).status).toBe(401);
    await using konnect = await openLocalGateway({ kind: 'konnect' });
    expect((await asking(konnect, { authorization: `Bearer ${konnect.token}` })('GET', '/consumers')).status).toBe(200);
    await using open = await openLocalGateway({ token: null });
    expect((await asking(open, {})('GET', '/consumers')).status).toBe(200);
  });

  it('a DB-less Kong is read, and not written', async () => {
    await using gateway = await openLocalGateway({ dbless: true });
    const ask = asking(gateway);
    expect((await ask('PUT', here, shop)).status).toBe(405);
    expect((await ask('DELETE', here)).status).toBe(405);
    expect((await ask('GET', '/')).body).toMatchObject({ configuration: { database: 'off' } });
  });
});

describe('lists', () => {
  it('come in pages, to their end, with offset and next', async () => {
    await using gateway = await openLocalGateway({ pageSize: 2 });
    const ask = asking(gateway);
    for (const username of ['a', 'b', 'c', 'd', 'e']) await ask('PUT', `/consumers/${username}`, { username });
    const seen: unknown[] = [];
    let path: string | null = '/consumers';
    let pages = 0;
    while (path !== null) {
      const { body }: Answer = await ask('GET', path);
      seen.push(...body.data.map(({ username }) => username));
      path = body.next as string | null;
      pages += 1;
    }
    expect(seen.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(pages).toBe(3);
    expect((await ask('GET', '/consumers?size=1')).body.data).toHaveLength(1);
    expect((await ask('GET', '/consumers?size=1001')).status).toBe(400);
    expect((await ask('GET', '/consumers?offset=x')).status).toBe(400);
  });

  it('are filtered by tags: both, or either', async () => {
    await using gateway = await openLocalGateway();
    const ask = asking(gateway);
    for (const [username, tags] of [
      ['a', ['x']],
      ['b', ['y']],
      ['c', ['x', 'y']],
    ] as const)
      await ask('PUT', `/consumers/${username}`, { username, tags });
    const names = async (tags: string) => (await ask('GET', `/consumers?tags=${tags}`)).body.data.length;
    expect([await names('x'), await names('x,y'), await names('x/y')]).toEqual([2, 1, 3]);
    expect((await ask('GET', '/consumers?tags=x,y/z')).status).toBe(400);
  });
});

describe('the proxy', () => {
  it('lets through by key and group: 401, 401, 403, 200; a removal counts at the next call', async () => {
    await using there = await withShop({ routes: [{ path: '/payments', allow: ['payments'] }] });
    const { ask, gateway } = there;
    const call = async (apikey?: string) =>
      (await fetch(`${gateway.proxyUrl}/payments/1`, { headers: apikey ? { apikey } : {} })).status;
    await ask('PUT', `${here}/key-auth/${key}`, { key: 'k' });
    expect([await call(), await call('unknown'), await call('k')]).toEqual([401, 401, 403]);
    await ask('PUT', `${here}/acls/${acl}`, { group: 'payments' });
    expect(await call('k')).toBe(200);
    gateway.databaseDown = true;
    expect([(await ask('GET', '/consumers')).status, await call('k')]).toEqual([500, 200]);
    gateway.clearFaults();
    await ask('DELETE', `${here}/acls/${acl}`);
    expect(await call('k')).toBe(403);
    expect((await fetch(`${gateway.proxyUrl}/elsewhere`)).status).toBe(404);
  });
});

describe('faults', () => {
  it('come before the effect, after it, or instead of an answer, and are counted', async () => {
    await using there = await withShop();
    const { ask, gateway } = there;
    const put = 'PUT /consumers/:consumer/acls/:acl';
    const grant = () => ask('PUT', `${here}/acls/${acl}`, { group: 'payments' });
    gateway.fail(put, { kind: 'rate-limited', retryAfter: 2 });
    gateway.fail(put, { kind: 'server-error' });
    const reset = gateway.fail(put, { kind: 'reset' });
    expect([(await grant()).status, (await grant()).status]).toEqual([429, 500]);
    await expect(grant()).rejects.toThrow();
    expect([reset.met, gateway.groupsOf('shop')]).toEqual([1, []]);
    gateway.fail(put, { kind: 'accept-then-drop' });
    await expect(grant()).rejects.toThrow();
    expect(gateway.groupsOf('shop')).toEqual(['payments']);
    gateway.fail('*', { kind: 'wiped' });
    expect((await grant()).status).toBe(404);
    expect(gateway.groupsOf('shop')).toBeUndefined();
  });
});
