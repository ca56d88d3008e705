/**
 * START HERE: a Kong on this machine. One HTTP server speaks the Admin API (or Konnect's, which has the same paths under
 * another root and another header), a second one is the proxy that calls go through. As strict as Kong; it misbehaves where
 * a test says so.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { Faults, type Held, type StagedFault, type When } from '../local-slack/faults.ts';
import { answer, error, internal, nameOf, type Plugin, type Reply, type Settings } from './admin-api.ts';
import { type Call, type Called, proxy, type Route } from './data-plane.ts';
import { Store } from './store.ts';

/**
 * - `rate-limited`, `server-error`, `malformed`: answered instead of the request's own effect.
 * - `reset`: the connection ends before the effect; `accept-then-drop`: after it. `hang`: nothing is answered, nothing done.
 * - `wiped`: everything is gone, and then the request is served.
 */
export type GatewayFault =
  | { kind: 'rate-limited'; retryAfter: number }
  | { kind: 'server-error' | 'reset' | 'accept-then-drop' | 'hang' | 'malformed' | 'wiped' }
  | { kind: 'delay'; ms: number };

/** One request to the Admin API, as it was answered; `status` is 0 where no answer left. */
export type Exchange = {
  name: string;
  method: string;
  path: string;
  query: string;
  body: unknown;
  status: number;
  answer: Record<string, unknown> | undefined;
};

export type Options = Partial<Omit<Settings, 'plugins'>> & {
  kind?: 'kong' | 'konnect';
  /** What the Admin API asks for; null: nothing, as an open-source Kong. */
  token?: string | null;
  routes?: Route[];
  /** What `save()` returned, instead of nothing. */
  saved?: string;
  /** 0 is any free one. */
  ports?: { admin: number; proxy: number };
};

export class LocalGateway implements AsyncDisposable {
  /** The Admin API's address, as the catalog file names it. */
  readonly url: string;
  readonly proxyUrl: string;
  readonly token: string | null;
  readonly kind: 'kong' | 'konnect';
  readonly routes: Route[];
  readonly store: Store;
  /** Changed at will: what is set counts from the next request on. */
  readonly settings: Settings;
  /** Every request to the Admin API, oldest first. */
  readonly exchanges: Exchange[] = [];
  /** PostgreSQL is away: the Admin API fails, the proxy goes on. */
  databaseDown = false;
  readonly #servers: Server[];
  readonly #root: string[];
  readonly #faults = new Faults<GatewayFault>();
  readonly #listeners = new Set<() => void>();

  constructor(admin: Server, front: Server, options: Options) {
    const { kind = 'kong', token = 'local-gateway-token', routes = [], ports, saved, ...settings } = options;
    this.kind = kind;
    this.token = token;
    this.routes = routes;
    this.store = new Store(() => {
      for (const listener of this.#listeners) listener();
    });
    if (saved) this.store.load(saved);
    const plugins = routes.flatMap(({ allow }): Plugin[] => [
      {
        id: randomUUID(),
        name: 'acl',
        enabled: true,
        config: { allow, deny: null, hide_groups_header: false },
        tags: null,
      },
      { id: randomUUID(), name: 'key-auth', enabled: true, config: { key_names: ['apikey'] }, tags: null },
    ]);
    this.settings = { version: '2.8.5', pageSize: 1000, dbless: false, childOfNobody: 500, ...settings, plugins };
    this.#root = kind === 'konnect' ? ['v2', 'control-planes', randomUUID(), 'core-entities'] : [];
    this.url = [originOf(admin), ...this.#root].join('/');
    this.proxyUrl = originOf(front);
    this.#servers = [admin, front];
    admin.on('request', (request, response) => {
      this.#admin(request, response).catch((failure: unknown) => {
        // A bug of the gateway itself: loud, so that no test mistakes it for Kong.
        console.error(failure);
        response.destroy();
      });
    });
    front.on('request', (request, response) => this.#proxy(request, response));
  }

  /** Makes requests fail. `name` is as in `Exchange`, such as `PUT /consumers/:consumer`, or `*`. */
  fail(name: string, fault: GatewayFault, when?: When): StagedFault {
    return this.#faults.fail(name, fault, when);
  }

  /** Holds the next request of that name until the test lets it go. */
  hold(name: string): Held {
    return this.#faults.hold(name);
  }

  /** Ends every fault and lets go of what is held. */
  clearFaults(): void {
    this.#faults.clear();
    this.databaseDown = false;
    this.settings.dbless = false;
  }

  /** Calls an API through the proxy, without HTTP. */
  call(call: Call): Called {
    return proxy(this.store, this.routes, call);
  }

  /** Lists the groups of the consumer of that username, sorted; undefined where it is not there. */
  groupsOf(username: string): string[] | undefined {
    const consumer = this.store.consumer(username);
    return (
      consumer &&
      this.store
        .aclsOf(consumer.id)
        .map(({ group }) => group)
        .sort()
    );
  }

  /** Returns all that is kept, as JSON. */
  save(): string {
    return this.store.save();
  }

  /** Calls `listener` after each change; returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#faults.clear();
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  }

  async #admin(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const whole = pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
    const text = await bodyOf(request);
    const parsed = parseBody(request, text);
    const path = whole.slice(this.#root.length);
    const { method = 'GET' } = request;
    const name = nameOf({ method, path });
    const exchange: Exchange = {
      name,
      method,
      path: pathname,
      query: searchParams.toString(),
      body: 'body' in parsed ? parsed.body : text,
      status: 0,
      answer: undefined,
    };
    this.exchanges.push(exchange);
    const args = { query: exchange.query };
    await this.#faults.wait(name, args);
    const fault = this.#faults.next(name, args);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') return void request.socket.destroy();
    if (fault?.kind === 'wiped') this.store.wipe();
    const run = (): Reply => {
      if (this.#root.some((part, index) => whole[index] !== part)) return error(404, 'Not found');
      if (!this.#isAllowed(request)) return error(401, 'Unauthorized', { status: 401 });
      if ('reply' in parsed) return parsed.reply;
      if (this.databaseDown && path.length > 0) return internal();
      return answer(this.store, this.settings, { method, path, query: searchParams, body: parsed.body });
    };
    const reply = (fault && misbehaviour(fault)) ?? run();
    if (fault?.kind === 'accept-then-drop') return void request.socket.destroy();
    if (fault?.kind === 'delay') await after(fault.ms, undefined, { ref: false });
    exchange.status = reply.status;
    exchange.answer = reply.body;
    response.writeHead(reply.status, { 'content-type': 'application/json; charset=utf-8', ...reply.headers });
    response.end(fault?.kind === 'malformed' ? '<html>Sign in</html>' : reply.body && JSON.stringify(reply.body));
  }

  #isAllowed({ headers }: IncomingMessage): boolean {
    if (this.token === null) return true;
    return this.kind === 'konnect'
      ? headers.authorization === `Bearer ${this.token}`
      : headers['kong-admin-token'] === this.token;
  }

  #proxy({ url = '/', headers }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, this.proxyUrl);
    const header = headers.apikey;
    const key = typeof header === 'string' ? header : (searchParams.get('apikey') ?? undefined);
    const { status, ...body } = this.call({ path: pathname, key });
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
  }
}

export async function openLocalGateway(options: Options = {}): Promise<LocalGateway> {
  const { ports = { admin: 0, proxy: 0 } } = options;
  return new LocalGateway(await listening(ports.admin), await listening(ports.proxy), options);
}

async function listening(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return server;
}

const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Kong takes forms as well; this one takes only what Registrar sends. */
function parseBody({ headers }: IncomingMessage, text: string): { body: unknown } | { reply: Reply } {
  if (text === '') return { body: undefined };
  if (!/^application\/json\b/.test(headers['content-type'] ?? ''))
    return { reply: error(415, 'Unsupported Media Type') };
  try {
    return { body: JSON.parse(text) };
  } catch {
    return { reply: error(400, 'Cannot parse JSON body') };
  }
}

/** What a fault answers before anything is done; undefined where the request is still served. */
function misbehaviour(fault: GatewayFault): Reply | undefined {
  switch (fault.kind) {
    case 'rate-limited':
      return { ...error(429, 'API rate limit exceeded'), headers: { 'retry-after': String(fault.retryAfter) } };
    case 'server-error':
      return internal();
    case 'malformed':
      return { status: 200 };
    default:
      return undefined;
  }
}
