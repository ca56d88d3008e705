/** A TCP proxy between the bot and PostgreSQL, for network faults. */
import { once } from 'node:events';
import { createServer, Socket } from 'node:net';

/**
 * - `none`: everything passes.
 * - `refused`: connections are refused; open ones are cut.
 * - `silent`: connections are accepted and nothing comes back, as behind a firewall that drops packets; open ones are cut.
 * - `full`: PostgreSQL refuses with `too_many_connections`; open connections are cut.
 * - `slow`: everything that the bot sends arrives five seconds late.
 */
export type ProxyFault = 'none' | 'refused' | 'silent' | 'full' | 'slow';

export type TcpProxy = AsyncDisposable & {
  url: string;
  /** Sets the fault, until it is set again. */
  setFault(condition: ProxyFault): Promise<void>;
  /** Cuts every connection, as a failover does; new ones are made at once. */
  cut(): void;
};

const late = 5_000;

export async function createTcpProxy(database: string): Promise<TcpProxy> {
  const there = new URL(database);
  const pairs = new Set<Socket[]>();
  let condition: ProxyFault = 'none';
  let server = createServer();
  let port = 0;

  function joined(bot: Socket): void {
    const postgres = new Socket();
    const pair = [bot, postgres];
    pairs.add(pair);
    for (const one of pair) {
      one.on('error', () => {});
      one.on('close', () => {
        pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
    if (condition === 'silent') return;
    if (condition === 'full') {
      bot.once('data', () => bot.end(tooManyConnections));
      return;
    }
    postgres.connect(Number(there.port || 5432), there.hostname);
    postgres.pipe(bot);
    bot.on('data', (data) => {
      if (condition === 'slow') setTimeout(() => postgres.write(data), late).unref();
      else postgres.write(data);
    });
  }

  async function open(): Promise<void> {
    server = createServer(joined).listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  }

  function cut(): void {
    for (const pair of pairs) for (const one of pair) one.destroy();
  }

  await open();
  const url = new URL(database);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    async setFault(next) {
      if (condition === 'refused') await open();
      condition = next;
      if (next === 'refused') server.close();
      if (next !== 'none' && next !== 'slow') cut();
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
    },
  };
}

/** An ErrorResponse of PostgreSQL's protocol: severity, code and message (53300, too_many_connections). */
const tooManyConnections = (() => {
  const fields = Buffer.from('SFATAL\0VFATAL\0C53300\0Msorry, too many clients already\0\0');
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + 4);
  return Buffer.concat([Buffer.from('E'), length, fields]);
})();
