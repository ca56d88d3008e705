/** The HTTP listener of both modes: is it alive, is it ready, its metrics, and in HTTP mode Slack's own requests. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What must be so before work may be sent here; each says in a few words what fails, or null. */
export type ReadinessChecks = Record<string, () => Promise<string | null>>;

/** How far ahead Slack's clock may be, in seconds: the SDK refuses what is too old, but not what claims to come. */
const skew = 300;

/** How long a request of Slack's may be left open, in milliseconds: Slack waits for three seconds. */
const answersWithin = 4_000;

/** Listens, and says on which port. Rejects where the address cannot be had. */
export async function serveHttp(
  { host, port }: { host: string; port: number },
  checks: ReadinessChecks,
  metrics: () => Promise<string>,
  slack: RequestListener | undefined,
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/healthz') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
    } else if (path === '/readyz') {
      void ready(checks).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    } else if (path === '/metrics') {
      void metrics().then(
        (text) => {
          // https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
          response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
        },
        () => response.writeHead(500).end(),
      );
    } else if (slack && path === '/slack/events' && request.method === 'POST') {
      // Bolt's listener throws on any other route, and nothing would catch it; and it takes a content type with a charset
      // for another one.
      const [type = ''] = (request.headers['content-type'] ?? '').split(';');
      request.headers['content-type'] = type.trim().toLowerCase();
      // On what is not even an object it throws where nobody can catch it, and would leave the request open.
      const late = setTimeout(() => response.headersSent || response.writeHead(400).end(), answersWithin);
      response.once('close', () => clearTimeout(late));
      if (Number(request.headers['x-slack-request-timestamp']) > Date.now() / 1000 + skew)
        response.writeHead(401).end();
      else slack(request, response);
    } else {
      response.writeHead(404).end();
    }
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  await promise;
  return { port: portOf(server), close: () => close(server) };
}

async function ready(checks: ReadinessChecks) {
  const failing: Record<string, string> = {};
  await Promise.all(
    Object.entries(checks).map(async ([part, check]) => {
      const trouble = await check();
      if (trouble) failing[part] = trouble;
    }),
  );
  const ok = Object.keys(failing).length === 0;
  return { status: ok ? 200 : 503, body: ok ? { ok } : { ok, failing } };
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address.port;
}

/** Closes it when the requests under way are answered. Connections that are only kept alive are not waited for. */
async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => server.closeAllConnections(), 3_000);
  await promise;
  clearInterval(idle);
  clearTimeout(late);
}
