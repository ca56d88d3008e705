/** What goes wrong in a demo because of the machine it runs on: a sentence for whoever started it, without a stack. */
export class Trouble extends Error {}

/** The code of an error of the system, such as EADDRINUSE. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
