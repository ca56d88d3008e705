/**
 * The part of Kong's Admin API that access needs, a function each. Konnect's control planes have the same paths under another
 * address, and another header. Every write is a PUT or DELETE, which may be repeated. What Kong answers and its documents do
 * not say was measured; docs/failure-modes.md lists it.
 */
import { z } from 'zod';
import type { GatewayFailure } from '../domain/access.ts';
import { GatewayError } from './failure.ts';
import type { GatewaySettings } from './gateway.ts';
import { type Answer, type Fetch, send } from './http.ts';
import { uuidOf } from './ids.ts';
import type { KeyMark, NewKey } from './keys.ts';

/** Marks all that is ours, also for operators: `deck gateway sync --select-tag …` leaves it alone. */
export const tag = 'registrar';

const tags = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
const consumerSchema = z.object({
  id: z.string(),
  username: z.string().nullish(),
  custom_id: z.string().nullish(),
  tags,
});
const groupSchema = z.object({ id: z.string(), group: z.string(), tags });
/** Kong lists keys in the clear: no more than four characters of one get past this line. */
const keySchema = z
  .object({ id: z.string(), key: z.string() })
  .transform(({ id, key }): KeyMark => ({ id, lastFour: key.slice(-4) }));
const rootSchema = z.object({
  version: z.string(),
  configuration: z.object({ database: z.string() }).partial().optional(),
});
const pluginSchema = z.object({
  name: z.string(),
  enabled: z.boolean().optional(),
  config: z
    .object({ allow: z.array(z.string()).nullish() })
    .loose()
    .nullish(),
});

export type Consumer = z.infer<typeof consumerSchema>;
export type Group = z.infer<typeof groupSchema>;
export type Plugin = z.infer<typeof pluginSchema>;

/** Entries of a page; Kong allows 1,000. */
const pageSize = 500;

export const usernameOf = (application: string): string => `registrar-${application}`;
export const consumerIdOf = (application: string): string => uuidOf('consumer', application);

export type KongApi = ReturnType<typeof createKongApi>;

export function createKongApi({ name, kind, url, token }: GatewaySettings, fetch: Fetch, timeout?: number) {
  const base = url.replace(/\/+$/, '');
  const authorization: Record<string, string> = !token
    ? {}
    : kind === 'konnect'
      ? { authorization: `Bearer ${token}` }
      : { 'kong-admin-token': token };

  /** Sends a request, and resolves with the answers named in `expected`; all others reject. */
  async function ask(
    what: string,
    method: string,
    path: string,
    body?: object,
    ...expected: number[]
  ): Promise<Answer> {
    const headers = { ...authorization, accept: 'application/json' };
    const answer = await send(
      fetch,
      { gateway: name, url: `${base}${path}`, what, ...(timeout ? { timeout } : {}) },
      body
        ? { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
        : { method, headers },
    );
    // A deletion has no answer but 204: 200 is a page of something between us and Kong.
    const done = method === 'DELETE' ? [204] : [200, 201];
    if ([...done, ...expected].includes(answer.status)) return answer;
    throw errorOf(name, what, answer);
  }

  function parse<T>(what: string, schema: z.ZodType<T>, { text }: Answer): T {
    const parsed = schema.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    // Not what was wrong with it: that would quote the answer.
    throw new GatewayError(name, 'bad-answer', `${what}: the answer is not Kong's`);
  }

  /** Reads a list to its end, a page at a time. */
  async function* pages<T>(what: string, path: string, schema: z.ZodType<T>): AsyncGenerator<T[]> {
    const page = z.object({ data: z.array(schema), offset: z.string().nullish(), next: z.string().nullish() });
    const seen = new Set<string>();
    let offset: string | null | undefined;
    do {
      const from = offset ? `&offset=${encodeURIComponent(offset)}` : '';
      const found = parse(
        what,
        page,
        await ask(what, 'GET', `${path}${path.includes('?') ? '&' : '?'}size=${pageSize}${from}`),
      );
      yield found.data;
      offset = found.offset ?? (found.next ? URL.parse(found.next, base)?.searchParams.get('offset') : undefined);
      if (offset && seen.has(offset)) throw new GatewayError(name, 'bad-answer', `${what}: the same page comes again`);
      if (offset) seen.add(offset);
    } while (offset);
  }

  async function all<T>(what: string, path: string, schema: z.ZodType<T>): Promise<T[]> {
    const found: T[] = [];
    for await (const page of pages(what, path, schema)) found.push(...page);
    return found;
  }

  const at = (...path: string[]): string => `/${path.map(encodeURIComponent).join('/')}`;

  /** Deletes a group or key. One that is not there is deleted; 500 is looked into, because Kong answers it for a missing consumer. */
  async function remove(what: string, consumer: string, child: 'acls' | 'key-auth', id: string): Promise<void> {
    const path = at('consumers', consumer, child, id);
    const answer = await ask(what, 'DELETE', path, undefined, 404, 500);
    if (answer.status !== 500) return;
    const look = await ask(`${what}, looking whether it is there`, 'GET', path, undefined, 404);
    if (look.status !== 404) throw errorOf(name, what, answer);
  }

  /** Finds a consumer by its id, or by its name, which only Kong itself allows. */
  async function consumerAt(idOrName: string): Promise<Consumer | undefined> {
    const what = 'find the consumer';
    const answer = await ask(what, 'GET', at('consumers', idOrName), undefined, 404);
    return answer.status === 404 ? undefined : parse(what, consumerSchema, answer);
  }

  return {
    /**
     * Finds the consumer of an application: by its custom_id, whatever its id, by the id that we give, and by its name, under
     * which it may have been restored with neither: what is not found is not taken away.
     */
    async findConsumer(application: string): Promise<Consumer | undefined> {
      const path = `/consumers?custom_id=${encodeURIComponent(application)}`;
      const [found] = await all('find the consumer', path, consumerSchema);
      return found ?? (await consumerAt(consumerIdOf(application))) ?? (await consumerAt(usernameOf(application)));
    },

    /** Writes a consumer whole; PUT replaces, so the tags that others gave it are kept by sending them. */
    async putConsumer(
      application: string,
      found: Pick<Consumer, 'id' | 'tags'> | undefined,
    ): Promise<Consumer | 'taken'> {
      const what = 'write the consumer';
      const body = {
        username: usernameOf(application),
        custom_id: application,
        tags: [...new Set([...(found?.tags ?? []), tag])],
      };
      const path = at('consumers', found?.id ?? consumerIdOf(application));
      const answer = await ask(what, 'PUT', path, body, 409);
      if (answer.status === 409) return 'taken';
      const written = parse(what, consumerSchema, answer);
      if (written.custom_id === application) return written;
      throw new GatewayError(name, 'bad-answer', `${what}: it was answered with another consumer`);
    },

    /** Deletes a consumer with its groups and keys, whether it is there or not. */
    async deleteConsumer(id: string): Promise<void> {
      await ask('delete the consumer', 'DELETE', at('consumers', id), undefined, 404);
    },

    /** Lists the groups of a consumer; 404 where it is gone rejects as `gone`. */
    groups: (consumer: string): Promise<Group[]> =>
      all('list the groups', at('consumers', consumer, 'acls'), groupSchema),

    /** Writes a group under our id; under its name where it is there under another id, which adopts it. */
    async putGroup(consumer: string, group: string, there: Group | undefined): Promise<void> {
      const what = `write the group ${group}`;
      const body = { group, tags: [...new Set([...(there?.tags ?? []), tag])] };
      const put = (id: string, ...expected: number[]) =>
        ask(what, 'PUT', at('consumers', consumer, 'acls', id), body, ...expected);
      let answer = await put(there ? group : uuidOf('group', consumer, group), 409);
      if (answer.status === 409) answer = await put(group);
      const written = parse(what, groupSchema, answer);
      if (written.group !== group)
        throw new GatewayError(name, 'bad-answer', `${what}: it was answered with another group`);
    },

    deleteGroup: (consumer: string, { id, group }: Group): Promise<void> =>
      remove(`remove the group ${group}`, consumer, 'acls', id),

    keys: (consumer: string): Promise<KeyMark[]> =>
      all('list the keys', at('consumers', consumer, 'key-auth'), keySchema),

    /** Writes a key. Always with the key: without one, Kong makes a new one at each try. */
    async putKey(consumer: string, { id, secret }: NewKey): Promise<void> {
      const what = 'write a key';
      const path = at('consumers', consumer, 'key-auth', id);
      const written = parse(what, keySchema, await ask(what, 'PUT', path, { key: secret, tags: [tag] }));
      if (written.id !== id) throw new GatewayError(name, 'bad-answer', `${what}: it was answered with another key`);
    },

    deleteKey: (consumer: string, id: string): Promise<void> => remove('remove a key', consumer, 'key-auth', id),

    /** Lists consumers under our tag, a page at a time. */
    consumers: (): AsyncGenerator<Consumer[]> => pages('list the consumers', `/consumers?tags=${tag}`, consumerSchema),

    async root(): Promise<z.infer<typeof rootSchema>> {
      return parse('ask for the version', rootSchema, await ask('ask for the version', 'GET', '/'));
    },

    plugins: (): Promise<Plugin[]> => all('list the plugins', '/plugins', pluginSchema),

    /** Writes a consumer that belongs to no application and removes it again; resolves with whether its tag was kept. */
    async tryWriting(): Promise<boolean> {
      const what = 'write a consumer on trial';
      const path = at('consumers', uuidOf('trial'));
      const trial = { username: 'registrar-doctor', tags: ['registrar-doctor'] };
      const remove = () => ask('remove the consumer on trial', 'DELETE', path);
      const written = await ask(what, 'PUT', path, trial).catch(async (error) => {
        // Only the answer may be lost: then it was written all the same.
        await remove().catch(() => {});
        throw error;
      });
      await remove();
      return parse(what, consumerSchema, written).tags.includes('registrar-doctor');
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const failures: Record<number, GatewayFailure> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'unauthorized',
  404: 'gone',
  405: 'read-only',
  409: 'conflict',
};

const hints: Partial<Record<GatewayFailure, string>> = {
  unauthorized: 'the token is not accepted',
  gone: 'it is not there',
  'read-only':
    'this Kong is DB-less: it reads a file, and nothing can be written to it; access needs one with a database',
  conflict: 'another one is in its place',
};

/** Words an answer that was not expected, with the fields that Kong names; never with what they held. */
function errorOf(gateway: string, what: string, { status, text, retryAfter }: Answer): GatewayError {
  const failure = status >= 500 ? 'server-error' : (failures[status] ?? 'bad-answer');
  const parsed = z.object({ fields: z.record(z.string(), z.unknown()) }).safeParse(jsonOf(text));
  const fields = parsed.success ? Object.keys(parsed.data.fields).join(', ').slice(0, 100) : '';
  const hint = hints[failure];
  const message = `${what}: HTTP ${status}${hint ? `, ${hint}` : ''}${fields ? ` (${fields})` : ''}`;
  return new GatewayError(gateway, failure, message, retryAfter);
}
