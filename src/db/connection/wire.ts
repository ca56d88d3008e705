/** The socket to PostgreSQL, encrypted as far as the TLS mode requires. */
import { createConnection, type Socket } from 'node:net';
import { SessionError } from '../errors.ts';
import type { DatabaseAddress } from './database-url.ts';
import { attempts, offersTls, secure, TlsError } from './tls.ts';

/** A socket to PostgreSQL, and the work that depends on it. */
export type Wire = {
  socket: Socket;
  closed: Promise<void>;
  isOpen(): boolean;
  /** Runs work on the socket. Rejects as soon as it is closed, even if the driver does not notice. */
  whileOpen<T>(work: () => PromiseLike<T>): Promise<T>;
};

function wireOf(socket: Socket): Wire {
  const waiting = new Set<(error: Error) => void>();
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let open = !socket.destroyed;
  const ended = () => new SessionError('The session with PostgreSQL has ended.', 'CONNECTION_CLOSED');
  // An error without a listener would end the process.
  socket.on('error', () => {});
  socket.once('close', () => {
    open = false;
    // PostgreSQL's last message may still be on its way, and says more.
    setImmediate(() => {
      for (const reject of waiting) reject(ended());
      resolve();
    });
  });
  return {
    socket,
    closed,
    isOpen: () => open,
    async whileOpen(work) {
      if (!open) throw ended();
      const { promise, reject } = Promise.withResolvers<never>();
      waiting.add(reject);
      return Promise.race([work(), promise]).finally(() => waiting.delete(reject));
    },
  };
}

/** Connects and runs `begin`. Where the server refuses an attempt, the next one that the TLS mode allows is made. */
export async function throughWire<T>(address: DatabaseAddress, begin: (wire: Wire) => Promise<T>): Promise<T> {
  const { host, tls } = address;
  const ways = host.startsWith('/') ? (['plain'] as const) : attempts[tls.mode];
  for (const [index, way] of ways.entries()) {
    try {
      return await connectedBy(way, address, begin);
    } catch (error) {
      // 28000: pg_hba.conf has no line for this user with, or without, TLS.
      const otherWay = error instanceof TlsError || Object(error).code === '28000';
      if (!otherWay || index === ways.length - 1) throw error;
    }
  }
  throw new Error(`no way to connect with sslmode ${tls.mode}`);
}

async function connectedBy<T>(
  way: (typeof attempts)[keyof typeof attempts][number],
  address: DatabaseAddress,
  begin: (wire: Wire) => Promise<T>,
): Promise<T> {
  const { host, port, connectTimeout } = address;
  const socket = createConnection(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
  const plain = wireOf(socket);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    socket.destroy();
  }, connectTimeout);
  try {
    await open(socket);
    socket.setNoDelay().setKeepAlive(true, 60_000);
    const encrypt = way !== 'plain' && (await plain.whileOpen(() => offersTls(socket)));
    if (way === 'tls' && !encrypt) {
      throw new TlsError('The server does not speak TLS, and sslmode asks for it.', 'ERR_TLS_NOT_OFFERED');
    }
    const wire = encrypt ? wireOf(await plain.whileOpen(() => secure(socket, host, address.tls))) : plain;
    return await begin(wire);
  } catch (error) {
    socket.destroy();
    throw late ? new SessionError('PostgreSQL does not answer in time.', 'CONNECT_TIMEOUT') : error;
  } finally {
    clearTimeout(timer);
  }
}

async function open(socket: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('connect', resolve).once('error', reject);
  // The connect timeout destroys it without an error.
  socket.once('close', () => reject(new Error('closed')));
  await promise.finally(() => socket.off('connect', resolve).off('error', reject));
}
