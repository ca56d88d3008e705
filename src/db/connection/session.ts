/**
 * A session of PostgreSQL's: opened once, on a socket of our own, and never again after it has ended. postgres.js would
 * open its connections again by itself, and carries over what belonged to the session before: an error that then answers
 * another statement, the rest of a transaction that was rolled back, a write for which there is no socket
 * (docs/decisions/0031). With a client for each session there is nothing to carry over.
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
  /** Resolves when it has ended, whoever ended it. */
  ended: Promise<void>;
  /** Says goodbye to PostgreSQL. Nothing may run any more. */
  close(): Promise<void>;
  /** Ends it at once; what runs is rejected. */
  destroy(): void;
};

export type SessionOptions = {
  applicationName: string;
  settings: Settings;
  /** Refuses a session that can only read: after a failover, whoever wants to write has no use for it. */
  writes: boolean;
  /** How long a statement may take, in milliseconds, before the session is given up: a network can fall silent. */
  answerWithin?: number;
};

/** Opens a session. Rejects with what PostgreSQL or the network says, within the address's time limit. */
export async function openSession(address: DatabaseAddress, options: SessionOptions): Promise<Session> {
  return throughWire(address, async (wire) => {
    const session = sessionOn(wire, clientOn(wire, address, options.applicationName), options.answerWithin);
    // First, and with the other: a role may have a time limit that the other would not keep.
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

/** Opens a session that does nothing but hear what is sent to a channel; none of our settings says anything of that. */
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

/** A client of postgres.js's for this one socket. Everything is said here, so that it takes nothing from the environment. */
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
    // Else the driver asks for the types of arrays by a statement of its own, and whose failure nobody hears.
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: address.applicationName ?? applicationName, ...(options ? { options } : {}) },
    types: {
      // Drizzle reads and writes dates and JSON itself.
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
