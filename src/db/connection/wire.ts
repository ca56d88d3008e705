/** The way to PostgreSQL: a socket that is open or not, and is encrypted as far as the TLS mode asks for it. */
import { createConnection, type Socket } from 'node:net';
import { SessionError } from '../errors.ts';
import type { DatabaseAddress } from './database-url.ts';
import { attempts, offersTls, secure, TlsError } from './tls.ts';

/** A socket that leads to PostgreSQL, and what hangs on it. */
export type Wire = {
  socket: Socket;
  closed: Promise<void>;
  isOpen(): boolean;
  /** Does something on it; rejects as soon as it is closed, also where nothing else would notice. */
  whileOpen<T>(work: () => PromiseLike<T>): Promise<T>;
};

function wireOf(socket: Socket): Wire {
  const waiting = new Set<(error: Error) => void>();
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let open = !socket.destroyed;
  const ended = () => new SessionError('The session with PostgreSQL has ended.', 'CONNECTION_CLOSED');
  // Some errors come where nobody else listens, and would end the process.
  socket.on('error', () => {});
  socket.once('close', () => {
    open = false;
    // What PostgreSQL said last may be on its way to whoever waits: it says more.
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

/** Connects, and begins; goes on to the next way that the TLS mode allows where the server does not take the one before. */
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
  // The time limit destroys it without an error.
  socket.once('close', () => reject(new Error('closed')));
  await promise.finally(() => socket.off('connect', resolve).off('error', reject));
}
