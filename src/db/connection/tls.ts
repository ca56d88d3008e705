/**
 * TLS to PostgreSQL with libpq's modes (https://www.postgresql.org/docs/current/libpq-ssl.html): whether it is requested, whether
 * plain text is a fallback, and what is verified.
 */
import { readFileSync } from 'node:fs';
import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from 'node:tls';
import { SessionError } from '../errors.ts';

export type Tls = {
  mode: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  /** Certificates and key as PEM. Without `ca`, Node's own roots are trusted. */
  ca?: string;
  cert?: string;
  key?: string;
  passphrase?: string;
};

const modes: readonly Tls['mode'][] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** Reads the TLS parameters of a URL, and the files that they name. */
export function readTls(given: ReadonlyMap<string, string>, mistakes: string[]): Tls {
  const ssl = given.get('ssl');
  const named = modes.find((mode) => mode === given.get('sslmode'));
  if (ssl && named) mistakes.push('ssl and sslmode are given; keep sslmode');
  const wanted = named ?? (ssl === undefined ? undefined : ssl === 'true' ? 'require' : 'disable');
  const root = given.get('sslrootcert');
  if (root === 'system') {
    if (wanted && wanted !== 'verify-full') mistakes.push('sslrootcert=system goes with sslmode=verify-full');
    return withKey({ mode: 'verify-full' }, given, mistakes);
  }
  const ca = root && pemIn(root, 'sslrootcert', /-----BEGIN (TRUSTED )?CERTIFICATE-----/, mistakes);
  // Like libpq: a root certificate that is given is used for verification.
  const mode = wanted === 'require' && root ? 'verify-ca' : (wanted ?? 'prefer');
  return withKey({ mode, ...(ca ? { ca } : {}) }, given, mistakes);
}

function withKey(tls: Tls, given: ReadonlyMap<string, string>, mistakes: string[]): Tls {
  const [certFile, keyFile, passphrase] = [given.get('sslcert'), given.get('sslkey'), given.get('sslpassword')];
  if (!certFile && !keyFile) return tls;
  if (!certFile || !keyFile) {
    mistakes.push('sslcert and sslkey go together');
    return tls;
  }
  const cert = pemIn(certFile, 'sslcert', /-----BEGIN CERTIFICATE-----/, mistakes);
  const key = pemIn(keyFile, 'sslkey', /-----BEGIN [A-Z ]*PRIVATE KEY-----/, mistakes);
  const pair = { cert, key, ...(passphrase ? { passphrase } : {}) };
  try {
    if (cert && key) createSecureContext(pair);
  } catch {
    mistakes.push('sslkey does not fit sslcert, or sslpassword does not open it');
  }
  return { ...tls, ...pair };
}

function pemIn(file: string, parameter: string, expected: RegExp, mistakes: string[]): string {
  try {
    const text = readFileSync(file, 'utf8');
    if (expected.test(text)) return text;
    mistakes.push(`${parameter}: the file holds no PEM of that kind`);
  } catch (error) {
    mistakes.push(`${parameter}: the file cannot be read (${Object(error).code})`);
  }
  return '';
}

/** The attempts of each mode, in order: with TLS, without, or with it where the server offers it. */
export const attempts: Record<Tls['mode'], readonly ('plain' | 'offered' | 'tls')[]> = {
  disable: ['plain'],
  allow: ['plain', 'tls'],
  prefer: ['offered', 'plain'],
  require: ['tls'],
  'verify-ca': ['tls'],
  'verify-full': ['tls'],
};

/** The server does not offer TLS, or its certificate is not accepted by the mode. */
export class TlsError extends SessionError {}

/** SSLRequest of the protocol: its length, and a number that no version has. */
const request = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Asks the server whether it offers TLS. Rejects any other answer: nothing may precede the handshake. */
export async function offersTls(socket: Socket): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const closed = () => reject(Object.assign(new Error('the server hung up'), { code: 'ECONNRESET' }));
  socket.once('data', resolve).once('error', reject).once('close', closed);
  socket.write(request);
  const answer = await promise.finally(() => socket.off('data', resolve).off('error', reject).off('close', closed));
  const word = answer.toString('latin1');
  if (word === 'S' || word === 'N') return word === 'S';
  throw new TlsError('The server answers the question for TLS with something else.', 'ERR_TLS_ANSWER');
}

/** Encrypts a connection, and verifies the server as far as the mode requires. */
export async function secure(socket: Socket, host: string, { mode, ...pem }: Tls): Promise<TLSSocket> {
  const verified = mode === 'verify-ca' || mode === 'verify-full';
  const options: ConnectionOptions = {
    socket,
    ...pem,
    rejectUnauthorized: verified,
    ...(isIP(host) ? {} : { servername: host }),
    ...(mode === 'verify-full' ? { host } : { checkServerIdentity: () => undefined }),
  };
  const encrypted = connect(options);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (error: Error & { code?: string }) =>
    reject(new TlsError(`${error.message} (${error.code ?? 'TLS'})`, error.code ?? 'ERR_TLS'));
  encrypted.once('secureConnect', resolve).once('error', failed);
  await promise.finally(() => encrypted.off('error', failed));
  return encrypted;
}
