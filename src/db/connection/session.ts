/**
 * A PostgreSQL session: opened once, on a socket of our own, and never reopened. postgres.js reconnects by itself and carries state
 * over from the previous session: an error that answers another statement, the rest of a rolled-back transaction, a write without a
 * socket (docs/decisions/0031). With one client per session there is nothing to carry over.
 */
import { makePgArray, parsePgArray } from 'drizzle-orm/pg-core';
import postgres from 'postgres';
import { SessionError } from '../errors.ts';
import type { DatabaseAddress } from './database-url.ts';
import { type Settings, settingStatement } from './settings.ts';
import { throughWire, type Wire } from './wire.ts';

export type Row = Record<string, unknown>;

export type Parameter = postgres.ParameterOrJSON<never>;

export type Session = {
  /** Runs a statement. */
  query<T extends object = Row>(text: string, parameters?: Parameter[], prepare?: boolean): Promise<T[]>;
  /** Runs a statement; each row is an array of its columns. */
  values(text: string, parameters: Parameter[], prepare: boolean): Promise<unknown[][]>;
  hasEnded(): boolean;
  /** Resolves when the session has ended, from either side. */
  ended: Promise<void>;
  /** Terminates the session in order. No statement may be running. */
  close(): Promise<void>;
  /** Ends the session at once, and rejects what runs. */
  destroy(): void;
};

export type SessionOptions = {
  applicationName: string;
  settings: Settings;
  /** Refuses a read-only session, as of a standby after a failover. */
  writes: boolean;
  /** The timeout of a statement, in milliseconds, after which the session is destroyed: a network can fall silent. */
  answerWithin?: number;
};

/** Opens a session within the connect timeout. Rejects with the error of PostgreSQL or the network. */
export async function openSession(address: DatabaseAddress, options: SessionOptions): Promise<Session> {
  return throughWire(address, async (wire) => {
    const session = sessionOn(wire, clientOn(wire, address, options.applicationName), options.answerWithin);
    // Sent first, in the same round trip: the role may have a time limit that the second statement would exceed.
    const unlimited = session.query('set statement_timeout = 0');
    const [[row]] = await Promise.all([
      session.query<{ readOnly: boolean }>(settingStatement(options.settings)),
      unlimited,
    ]);
    if (!options.writes || row?.readOnly === false) return session;
    await session.close();
    throw new SessionError('The database can only be read.', '25006');
  });
}

/** Opens a session for LISTEN only. It needs none of our settings. */
export async function openListener(
  address: DatabaseAddress,
  applicationName: string,
  channel: string,
  heard: (payload: string) => void,
): Promise<Pick<Session, 'ended' | 'close'>> {
  return throughWire(address, async (wire) => {
    const client = clientOn(wire, address, applicationName);
    await wire.whileOpen(() => client.listen(channel, heard));
    return { ended: wire.closed, close: () => client.end({ timeout: 1 }) };
  });
}

const textsOf = (value: string | string[]): string => (typeof value === 'string' ? value : makePgArray(value));

const asItIs = <T>(value: T): T => value;

/** Creates a postgres.js client on one socket. Every option is given, so that it reads none from the environment. */
function clientOn({ socket }: Wire, address: DatabaseAddress, applicationName: string): postgres.Sql {
  const { host, port, database, user, password, options } = address;
  let taken = false;
  const takeOnce = () => {
    if (taken) throw new SessionError('The session with PostgreSQL has ended.', 'CONNECTION_CLOSED');
    taken = true;
    return socket;
  };
  return postgres({
    ...{ socket: takeOnce },
    host,
    port,
    database,
    user,
    password: () => password,
    ssl: false,
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 0,
    keep_alive: null,
    prepare: true,
    // Otherwise the driver looks up array types in a statement whose failure cannot be caught.
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: address.applicationName ?? applicationName, ...(options ? { options } : {}) },
    types: {
      // Drizzle converts dates and JSON itself.
      date: { to: 1184, from: [1082, 1083, 1114, 1184], serialize: asItIs, parse: asItIs },
      json: { to: 114, from: [114, 3802], serialize: asItIs, parse: JSON.parse },
      texts: { to: 1009, from: [1009], serialize: textsOf, parse: parsePgArray },
    },
  });
}

function sessionOn(wire: Wire, client: postgres.Sql, answerWithin: number | undefined): Session {
  async function run<T>(work: () => PromiseLike<T>): Promise<T> {
    const timer = answerWithin && setTimeout(() => wire.socket.destroy(), answerWithin);
    try {
      return await wire.whileOpen(work);
    } finally {
      if (timer) clearTimeout(timer);
    }
  }
  return {
    query: (text, parameters = [], prepare = false) => run(() => client.unsafe(text, parameters, { prepare })),
    values: (text, parameters, prepare) => run(() => client.unsafe(text, parameters, { prepare }).values()),
    hasEnded: () => !wire.isOpen(),
    ended: wire.closed,
    async close() {
      await client.end({ timeout: 1 });
      wire.socket.destroy();
    },
    destroy: () => void wire.socket.destroy(),
  };
}
