/** What the machine or a setting does not allow: a sentence for the user who started the demo, without a stack trace. */
export class DemoError extends Error {}

/** Returns the code of a system error, such as EADDRINUSE. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
