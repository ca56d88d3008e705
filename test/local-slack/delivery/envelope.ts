/** What Slack delivers to the bot, over either transport, and how the bot acknowledges it. */

export type Payload = Record<string, unknown>;

export type Envelope = {
  kind: 'slash_commands' | 'interactive' | 'events_api';
  payload: Payload;
  /** Whether Slack reads the body of the ack. */
  takesAnswer: boolean;
  retry?: { attempt: number; reason: 'timeout' | 'http_error' };
};

export type Receipt =
  | { ok: true; body: unknown }
  | { ok: false; error: 'operation_timeout' | 'dispatch_failed'; status?: number };

export type Carrier = (envelope: Envelope) => Promise<Receipt>;

/** Names an envelope in a protocol violation: `command /register`, `view_submission`. */
export function describe({ kind, payload }: Envelope): string {
  if (kind === 'slash_commands') return `command ${String(payload.command)}`;
  const inner = (payload.event ?? payload) as Payload;
  return String(inner.type);
}

/** Wraps a payload: its shape tells what kind of envelope Slack sends it in. */
export function toEnvelope(payload: Payload): Envelope {
  if (typeof payload.command === 'string') return { kind: 'slash_commands', payload, takesAnswer: true };
  if (payload.type === 'event_callback') return { kind: 'events_api', payload, takesAnswer: false };
  const takesAnswer = payload.type === 'view_submission' || payload.type === 'block_suggestion';
  return { kind: 'interactive', payload, takesAnswer };
}
