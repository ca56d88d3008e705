/** The HTTP listener before anything is proved: what is read, for how long, and on which port. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultLimits, serveHttp } from '../../src/http.ts';
import { maxBody, signedRequestsOnly } from '../../src/slack/signed-requests.ts';

const now = Date.parse('2026-11-23T09:00:00Z');
const signed = { 'x-slack-signature': `v0=${'a'.repeat(64)}`, 'x-slack-request-timestamp': String(now / 1000) };
const taken: string[] = [];

const start = ({ metricsPort, limits = defaultLimits }: { metricsPort?: number; limits?: typeof defaultLimits } = {}) =>
  serveHttp(
    { host: '127.0.0.1', port: 0, metricsPort },
    {
      checks: { slack: async () => null },
      metrics: async () => 'registrar_up 1\n',
      slack: signedRequestsOnly(
        async (request, response) => {
          const body = await text(request).catch(() => undefined);
          if (body !== undefined) taken.push(body);
          response.end('taken');
        },
        () => true,
        () => now,
      ),
    },
    limits,
  );

let server: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  server = await start();
});
afterAll(() => server.close());

/** Sends the head of a request, and says what comes back before the connection ends. */
function send(
  headers: Record<string, string>,
  body = '',
  port = server.port,
): { socket: Socket; answer: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  const head = Object.entries({ host: 'registrar', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST /slack/events HTTP/1.1\r\n${head.join('')}\r\n${body}`);
  const answer = Promise.withResolvers<string>();
  let received = '';
  socket.setEncoding('utf8').on('data', (part) => {
    received += part;
  });
  socket.on('error', () => {}).on('close', () => answer.resolve(received));
  return { socket, answer: answer.promise };
}

describe('a request is refused by its headers, and its body is not waited for', () => {
  it.each<[string, string, Record<string, string>]>([
    ['no signature', '401', { 'x-slack-request-timestamp': signed['x-slack-request-timestamp'] }],
    ['a signature of another form', '401', { ...signed, 'x-slack-signature': 'v0=abc' }],
    ['no timestamp', '401', { 'x-slack-signature': signed['x-slack-signature'] }],
    ['a timestamp of six minutes ago', '401', { ...signed, 'x-slack-request-timestamp': String(now / 1000 - 360) }],
    ['a timestamp in six minutes', '401', { ...signed, 'x-slack-request-timestamp': String(now / 1000 + 360) }],
    ['a body larger than any of Slack', '413', { ...signed, 'content-length': String(maxBody + 1) }],
  ])('%s: %s', async (_, status, headers) => {
    const before = taken.length;
    const { answer } = send({ 'content-length': '1000', ...headers }, 'x');
    expect(await answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(taken.length).toBe(before);
  });

  it('what arrives whole is passed on', async () => {
    const { answer } = send({ ...signed, 'content-length': '2', connection: 'close' }, 'ok');
    expect(await answer).toContain('taken');
    expect(taken.at(-1)).toBe('ok');
  });

  it('what arrives in chunks is passed on', async () => {
    const { answer } = send(
      { ...signed, 'transfer-encoding': 'chunked', connection: 'close' },
      '4\r\nokay\r\n0\r\n\r\n',
    );
    expect(await answer).toContain('taken');
    expect(taken.at(-1)).toBe('okay');
  });

  it('large bodies that are announced together are bounded together, and hold back no small one', async () => {
    const open = Array.from({ length: 32 }, () => send({ ...signed, 'content-length': String(maxBody) }, 'x'));
    const refused = send({ ...signed, 'content-length': String(maxBody) }, 'x');
    expect(await refused.answer).toMatch(/^HTTP\/1.1 503 /);
    const small = send({ ...signed, 'content-length': '5', connection: 'close' }, 'click');
    expect(await small.answer).toContain('taken');
    for (const { socket } of open) socket.destroy();
  });
});

it('a request that does not end is cut, with its connection', async () => {
  expect(defaultLimits).toMatchObject({ requestTimeout: 4_000, headersTimeout: 4_000 });
  const hasty = await start({
    limits: { ...defaultLimits, requestTimeout: 50, headersTimeout: 50, connectionsCheckingInterval: 10 },
  });
  const { answer } = send({ ...signed, 'content-length': '100' }, 'x', hasty.port);
  expect(await answer).toMatch(/^(HTTP\/1.1 408 .*)?$/s);
  await hasty.close();
});

it('headers have a limit, and so have connections: one too many is closed, and those before it go on', async () => {
  const { answer } = send({ ...signed, 'x-padding': 'x'.repeat(defaultLimits.maxHeaderSize) });
  expect(await answer).toMatch(/^HTTP\/1\.1 431 /);

  await using small = Object.assign(await start({ limits: { ...defaultLimits, maxConnections: 2 } }), {
    [Symbol.asyncDispose]: () => small.close(),
  });
  const length = { ...signed, 'content-length': '4' };
  const [first, second] = [send(length, '', small.port), send(length, '', small.port)];
  await Promise.all([first, second].map(({ socket }) => once(socket, 'connect')));
  expect(await send(length, 'okay', small.port).answer).toBe('');
  for (const { socket, answer } of [first, second]) {
    socket.end('okay');
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
  }
});

it('an idle connection outlives the sixty seconds of a load balancer', async () => {
  const response = await fetch(`http://127.0.0.1:${server.port}/healthz`);
  await response.arrayBuffer();
  expect(Number(/timeout=(\d+)/.exec(response.headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(60);
});

it('readiness and metrics can have a port of their own', async () => {
  await using other = Object.assign(await start({ metricsPort: 0 }), { [Symbol.asyncDispose]: () => other.close() });
  const at = async (port: number | undefined, path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  const statuses = await Promise.all(
    ['/healthz', '/readyz', '/metrics'].map(async (path) => [
      path,
      await at(other.port, path),
      await at(other.metricsPort, path),
    ]),
  );
  expect(statuses).toEqual([
    ['/healthz', 200, 200],
    ['/readyz', 404, 200],
    ['/metrics', 404, 200],
  ]);
});
