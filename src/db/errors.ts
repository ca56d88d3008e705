/** Errors of PostgreSQL and of its network: which are outages, and how an operator fixes the others. */

/** An error of a session, with a code like those of the network and of PostgreSQL. */
export class SessionError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** The requirements that a database does not meet, each with its fix. */
export class RequirementError extends Error {
  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'));
  }
}

export const sqlState = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Finds the innermost error with a code: those of Drizzle and Node wrap others. */
function coded(error: unknown): { code: string; message: string } | undefined {
  if (!(error instanceof Error)) return undefined;
  const inner = coded(error.cause);
  const code = sqlState(error);
  return inner ?? (code === undefined ? undefined : { code, message: error.message });
}

/** Codes of the network, and of a session that has ended. ENOENT: the socket of a PostgreSQL that is not running. */
const networkCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'EMFILE', 'ENFILE'],
  ...['CONNECT_TIMEOUT', 'CONNECTION_CLOSED', 'CONNECTION_BUSY'],
]);

/**
 * PostgreSQL's codes of an outage (https://www.postgresql.org/docs/current/errcodes-appendix.html): connection, resources, a server
 * that starts or stops, a timeout of a session or statement, and conflicts between transactions.
 */
const passingStates = /^(08|53|57P0[1235]|57014|25P0[34]|40|55P03)/;

/** PgBouncer has one code for everything: these of its messages need an operator. */
const poolerMistakes = /unsupported startup parameter|no such (database|user)|not allowed|authentication|required/i;

/** Tells whether an error is an outage, by its kind. */
function isOutage(error: unknown): boolean {
  const found = coded(error);
  if (!found) return false;
  if (found.code === '08P01') return !poolerMistakes.test(found.message);
  return networkCodes.has(found.code) || passingStates.test(found.code);
}

/** The mistakes of the configuration and their fixes, by PostgreSQL's code. */
const mistakes: Record<string, readonly [what: string, fix: string]> = {
  '28P01': ['DATABASE_URL: the password is wrong', 'Set the one of this user.'],
  '28000': [
    'DATABASE_URL: the user is not allowed to connect',
    'Let it in, with a line in pg_hba.conf, or name another.',
  ],
  '3D000': ['DATABASE_URL: there is no such database', 'Create it, or name another.'],
  '42501': [
    'DATABASE_URL: the user lacks a privilege',
    'docs/operations-databases.md has the statements that grant it.',
  ],
  '25006': [
    'DATABASE_URL: the database can only be read',
    'Name the primary server, or let this role write (default_transaction_read_only).',
  ],
  '08P01': ['The pooler refuses the session', 'docs/operations-databases.md says what it has to be set to.'],
  '58P01': ['The database lacks a file', "Where it is pg_trgm's, install PostgreSQL's contrib package."],
  ERR_TLS_NOT_OFFERED: [
    'DATABASE_URL: sslmode asks for TLS',
    'Switch TLS on in PostgreSQL, or take sslmode out of DATABASE_URL.',
  ],
  EACCES: ['DATABASE_URL: the socket cannot be opened', 'Give this process access to it.'],
};

const ofTls = [
  'DATABASE_URL: the certificate of the server is not accepted',
  'Set sslrootcert to the certificate of its authority, and with sslmode=verify-full the host to the name in it.',
] as const;

/** Says to the operator why Registrar cannot start with this database; undefined for an outage. */
export function databaseConfigError(error: unknown): string | undefined {
  if (error instanceof RequirementError) return error.message;
  if (isOutage(error)) return undefined;
  const found = coded(error);
  if (!found) return `The database cannot be used: ${String(error)}`;
  const { code, message } = found;
  const isTls = /^(ERR_(SSL|TLS)|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO)/.test(code);
  const [what, fix] = mistakes[code] ?? (isTls ? ofTls : ['The database cannot be used', '']);
  const says = /^[0-9A-Z]{5}$/.test(code) ? 'PostgreSQL says: ' : '';
  return `${what} (${says}${message}, ${code}). ${fix}`.trim();
}
