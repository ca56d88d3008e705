/** The HTTP listener of both modes: health, readiness, metrics and, in HTTP mode, Slack's own requests. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What has to hold before work may be sent here. Each check says in a few words what fails, or null. */
export type ReadinessChecks = Record<string, () => Promise<string | null>>;

export type Routes = {
  checks: ReadinessChecks;
  metrics: () => Promise<string>;
  /** Takes `POST /slack/events`; undefined in Socket Mode. */
  slack: RequestListener | undefined;
};

/**
 * Limits for unauthenticated connections, in milliseconds and bytes. Slack sends a request at once and waits three seconds
 * for the response: a request that is incomplete after four is dropped. An idle connection is kept for longer than the sixty
 * seconds after which load balancers close theirs (nginx, AWS ALB): if we closed it first, a request could be lost.
 */
export const defaultLimits = {
  requestTimeout: 4_000,
  headersTimeout: 4_000,
  connectionsCheckingInterval: 500,
  keepAliveTimeout: 75_000,
  maxHeaderSize: 8_192,
  maxConnections: 1_000,
};

export type HttpServer = {
  /** The port of HOST and PORT, also where PORT was 0. */
  port: number;
  /** The port of METRICS_PORT, where it is set. */
  metricsPort: number | undefined;
  close: () => Promise<void>;
};

/** Starts listening on one port, or on a second one for `/metrics` and `/readyz`. Rejects where an address cannot be bound. */
export async function serveHttp(
  { host, port, metricsPort }: { host: string; port: number; metricsPort?: number | undefined },
  { checks, metrics, slack }: Routes,
  limits = defaultLimits,
): Promise<HttpServer> {
  const ready = readiness(checks);
  const operations: RequestListener = (request, response) => {
    switch (pathOf(request.url)) {
      case '/healthz':
        return json(response, 200, { ok: true });
      case '/readyz':
        return void ready().then(({ status, body }) => json(response, status, body));
      case '/metrics':
        return void metrics().then(
          // https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
          (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
          () => response.writeHead(500).end(),
        );
      default:
        response.writeHead(404).end();
    }
  };
  const open: RequestListener = (request, response) => {
    const path = pathOf(request.url);
    if (slack && path === '/slack/events' && request.method === 'POST') slack(request, response);
    else if (metricsPort !== undefined && path !== '/healthz') response.writeHead(404).end();
    else operations(request, response);
  };

  const servers = [await listen(open, host, port, limits)];
  try {
    if (metricsPort !== undefined) servers.push(await listen(operations, host, metricsPort, limits));
  } catch (error) {
    await Promise.all(servers.map(close));
    throw error;
  }
  const [first, second] = servers.map(portOf);
  return {
    port: first ?? port,
    metricsPort: second,
    close: async () => void (await Promise.all(servers.map(close))),
  };
}

const pathOf = (url = ''): string => url.split('?')[0] ?? '';

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function listen(
  listener: RequestListener,
  host: string,
  port: number,
  limits: typeof defaultLimits,
): Promise<Server> {
  const server = createServer(limits, listener);
  server.maxConnections = limits.maxConnections;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  await promise;
  return server;
}

type Readiness = { status: number; body: { ok: boolean; failing?: Record<string, string> } };

/** Returns a function that runs all checks at once. Calls during a run share its result: many callers do not load the database. */
function readiness(checks: ReadinessChecks): () => Promise<Readiness> {
  let pending: Promise<Readiness> | undefined;
  return () => {
    pending ??= check(checks).finally(() => {
      pending = undefined;
    });
    return pending;
  };
}

async function check(checks: ReadinessChecks): Promise<Readiness> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([part, check]) => {
      const failure = await check();
      return failure === null ? [] : [[part, failure] as const];
    }),
  );
  const failing = Object.fromEntries(answers.flat());
  const ok = Object.keys(failing).length === 0;
  return ok ? { status: 200, body: { ok } } : { status: 503, body: { ok, failing } };
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address.port;
}

/** Stops listening, and waits up to three seconds for the requests in flight, but not for idle connections. */
async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  const idleTimer = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => server.closeAllConnections(), 3_000);
  await promise;
  clearInterval(idleTimer);
  clearTimeout(deadline);
}
