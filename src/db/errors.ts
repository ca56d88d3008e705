/** PostgreSQL's errors that only the operator can fix. */

/** What is wrong, by SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
export const connectionMistakes: Record<string, string> = {
  '28P01': 'the password is wrong',
  '28000': 'the user may not connect',
  '3D000': 'there is no such database',
  '42501': 'the user may not create tables there',
};

/** Explains an error that is a mistake in DATABASE_URL; undefined for any other. */
export function databaseConfigError(error: unknown): string | undefined {
  const code = sqlState(error) ?? sqlState(error instanceof Error ? error.cause : undefined);
  const why = connectionMistakes[code ?? ''];
  return why ? `DATABASE_URL: ${why} (PostgreSQL says ${code}).` : undefined;
}

/** Reads the SQLSTATE, or the system's error code, of an error; undefined where it has none. */
export const sqlState = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
