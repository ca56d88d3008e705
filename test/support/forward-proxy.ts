/** A company's forward proxy: it knows hosts that this machine cannot find, asks for a password, and passes tunnels and plain requests through. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export type ForwardProxy = AsyncDisposable & {
  port: number;
  /** Every host and port that a tunnel, or a plain request, was asked for. */
  tunnels: string[];
};

/** `hosts`: from `host:port` to a port of this machine. `login`: `user:password`, without which nothing passes. */
export async function openForwardProxy(hosts: Record<string, number>, login?: string): Promise<ForwardProxy> {
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  const authorization = login && `Basic ${Buffer.from(login).toString('base64')}`;
  const server = createServer((asked, response) => {
    const { hostname, port: given, pathname, search } = new URL(asked.url ?? '');
    const name = `${hostname}:${given || '80'}`;
    tunnels.push(name);
    const { 'proxy-authorization': login, ...headers } = asked.headers;
    if (authorization && login !== authorization) return response.writeHead(407).end();
    const port = hosts[name];
    if (!port) return response.writeHead(403).end();
    const sent = request({ host: '127.0.0.1', port, method: asked.method, path: `${pathname}${search}`, headers });
    sent.on('error', () => response.destroy());
    sent.on('response', (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)));
    asked.pipe(sent);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    tunnels.push(url);
    const port = hosts[url];
    if (authorization && headers['proxy-authorization'] !== authorization)
      return client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n');
    if (!port) return client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const upstream = connect(port, '127.0.0.1', () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    tunnels,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
