/** Kong's Admin API: which request does what, and what is answered. Measured on a Kong 2.8.5 on PostgreSQL. */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { aclFields, type Consumer, consumerFields, keyFields, violations } from './entities.ts';
import { BadQuery, type Listed, NotUnique, page, type Store } from './store.ts';

export type Request = {
  method: string;
  /** Decoded, from the Admin API's root. */
  path: string[];
  query: URLSearchParams;
  /** The parsed body; undefined where there was none. */
  body: unknown;
};
export type Reply = { status: number; body?: Record<string, unknown>; headers?: Record<string, string> };

/** An acl or key-auth plugin that an operator has put on a route. */
export type Plugin = { id: string; name: string; enabled: boolean; config: Record<string, unknown>; tags: null };

export type Settings = {
  version: string;
  /** Entries of a page: as many as are asked for, and never more than this. Few show a client that stops at the first page. */
  pageSize: number;
  /** Kong keeps its configuration in a file: nothing can be written. */
  dbless: boolean;
  /** What DELETE of a group or key answers under a consumer that is not there: 500 up to Kong 3.3. */
  childOfNobody: 404 | 500;
  plugins: Plugin[];
};

export const error = (status: number, message: string, more: Record<string, unknown> = {}): Reply => ({
  status,
  body: { message, ...more },
});
export const notFound = (): Reply => error(404, 'Not found');
export const internal = (): Reply => error(500, 'An unexpected error occurred');

const invalid = (fields: Record<string, string>): Reply => {
  const what = Object.entries(fields).map(([field, wrong]) => `${field}: ${wrong}`);
  return error(400, `schema violation (${what.join('; ')})`, { code: 2, name: 'schema violation', fields });
};

/** Names a request as faults and tests do: `PUT /consumers/:consumer/acls/:acl`. */
export function nameOf({ method, path }: Pick<Request, 'method' | 'path'>): string {
  const parameters = [undefined, ':consumer', undefined, path[2] === 'acls' ? ':acl' : ':key'];
  return `${method} /${path.map((part, index) => parameters[index] ?? part).join('/')}`;
}

export function answer(store: Store, settings: Settings, request: Request): Reply {
  const { method, path } = request;
  if (settings.dbless && method !== 'GET') return notAllowed();
  try {
    const [kind, consumer, child, id, more] = path;
    if (kind === undefined) return root(settings, method);
    if (kind === 'plugins' && consumer === undefined && method === 'GET')
      return list(request, settings.plugins, settings);
    if (kind !== 'consumers' || more !== undefined) return notFound();
    if (consumer === undefined) return consumers(store, settings, request);
    if (child === undefined) return oneConsumer(store, request, consumer);
    if (child !== 'acls' && child !== 'key-auth') return notFound();
    return children(store, settings, request, consumer, child, id);
  } catch (failure) {
    if (failure instanceof BadQuery) return error(400, failure.message, { code: 7, name: 'invalid offset' });
    if (!(failure instanceof NotUnique)) throw failure;
    const { fields } = failure;
    const message = `UNIQUE violation detected on '${JSON.stringify(fields)}'`;
    return error(409, message, { code: 5, name: 'unique constraint violation', fields });
  }
}

const notAllowed = (): Reply => error(405, 'Method not allowed');

const root = ({ version, dbless }: Settings, method: string): Reply =>
  method === 'GET'
    ? {
        status: 200,
        body: { version, tagline: 'Welcome to kong', configuration: { database: dbless ? 'off' : 'postgres' } },
      }
    : notAllowed();

function consumers(store: Store, settings: Settings, request: Request): Reply {
  if (request.method === 'GET') {
    const customId = request.query.get('custom_id');
    const found = [...store.consumers.values()].filter((one) => customId === null || one.custom_id === customId);
    return list(request, found, settings);
  }
  if (request.method !== 'POST') return notAllowed();
  return write(consumerFields, request, (fields) => store.putConsumer(randomUUID(), fields), 201);
}

function oneConsumer(store: Store, request: Request, idOrName: string): Reply {
  switch (request.method) {
    case 'GET': {
      const found = store.consumer(idOrName);
      return found ? { status: 200, body: found } : notFound();
    }
    case 'PUT':
      return write(consumerFields, request, (fields) => store.putConsumer(idOrName, fields));
    case 'DELETE':
      store.deleteConsumer(idOrName);
      return { status: 204 };
    default:
      return notAllowed();
  }
}

/** Answers what is asked of a consumer's groups (`acls`) or keys (`key-auth`). */
function children(
  store: Store,
  settings: Settings,
  request: Request,
  idOrName: string,
  child: 'acls' | 'key-auth',
  id: string | undefined,
): Reply {
  const consumer = store.consumer(idOrName);
  if (!consumer)
    return request.method === 'DELETE' && id !== undefined && settings.childOfNobody === 500 ? internal() : notFound();
  const kind = child === 'acls' ? groupsOf(store, consumer) : keysOf(store, consumer);
  if (id === undefined) {
    if (request.method === 'GET') return list(request, kind.all(), settings);
    return request.method === 'POST' ? kind.put(randomUUID(), request, 201) : notAllowed();
  }
  if (request.method === 'PUT') return kind.put(id, request, 200);
  const found = kind.find(id);
  if (!found) return notFound();
  if (request.method === 'GET') return { status: 200, body: found };
  if (request.method !== 'DELETE') return notAllowed();
  kind.remove(found.id);
  return { status: 204 };
}

const groupsOf = (store: Store, consumer: Consumer) => ({
  all: () => store.aclsOf(consumer.id),
  find: (id: string) => store.acl(consumer, id),
  remove: (id: string) => store.deleteAcl(id),
  put: (id: string, request: Request, status: number) =>
    write(aclFields, request, (fields) => store.putAcl(consumer, id, fields), status),
});

const keysOf = (store: Store, consumer: Consumer) => ({
  all: () => store.keysOf(consumer.id),
  find: (id: string) => store.key(consumer, id),
  remove: (id: string) => store.deleteKey(id),
  put: (id: string, request: Request, status: number) =>
    write(keyFields, request, (fields) => store.putKey(consumer, id, fields), status),
});

/** Checks the body and writes it. */
function write<T>(
  schema: z.ZodType<T>,
  { body }: Request,
  put: (fields: T) => Record<string, unknown>,
  status = 200,
): Reply {
  const parsed = schema.safeParse(body ?? {});
  return parsed.success ? { status, body: put(parsed.data) } : invalid(violations(parsed.error));
}

/** Answers a page. `next` is null at the end, as Kong has it. */
function list({ path, query }: Request, all: Iterable<Listed>, { pageSize }: Settings): Reply {
  const size = query.get('size');
  const tags = query.get('tags') ?? undefined;
  const found = page(all, {
    size: size === null ? 100 : Number(size),
    atMost: pageSize,
    offset: query.get('offset') ?? undefined,
    tags,
  });
  if (found.offset === undefined) return { status: 200, body: { ...found, next: null } };
  const asked = new URLSearchParams({ ...(tags ? { tags } : {}), ...(size ? { size } : {}), offset: found.offset });
  return { status: 200, body: { ...found, next: `/${path.join('/')}?${asked}` } };
}
