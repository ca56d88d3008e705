/** PostgreSQL's errors that only an operator can fix. */

/** PostgreSQL's codes for a wrong name, password or database (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
export const connectionMistakes: Record<string, string> = {
  '28P01': 'the password is wrong',
  '28000': 'the user may not connect',
  '3D000': 'there is no such database',
  '42501': 'the user may not create tables there',
};

export function databaseConfigError(error: unknown): string | undefined {
  const code = sqlState(error) ?? sqlState(error instanceof Error ? error.cause : undefined);
  const why = connectionMistakes[code ?? ''];
  return why ? `DATABASE_URL: ${why} (PostgreSQL says ${code}).` : undefined;
}

export const sqlState = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
