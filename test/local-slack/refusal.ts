/** How the Web API says no: `ok: false` and a word. */

export class Refusal extends Error {
  readonly error: string;
  readonly more: Record<string, unknown>;

  constructor(error: string, more: Record<string, unknown> = {}) {
    super(error);
    this.error = error;
    this.more = more;
  }
}

export function refuse(error: string, more?: Record<string, unknown>): never {
  throw new Refusal(error, more);
}

/** Problems of blocks or views, in the place where Slack lists them. */
export const listed = (messages: string[]) => ({ errors: messages, response_metadata: { messages } });
