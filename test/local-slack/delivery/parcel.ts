/** What Slack hands to the bot, whichever way it goes, and what comes back. */

export type Payload = Record<string, unknown>;

export type Parcel = {
  kind: 'slash_commands' | 'interactive' | 'events_api';
  payload: Payload;
  /** Whether Slack looks at the body of the acknowledgement. */
  takesAnswer: boolean;
  retry?: { attempt: number; reason: 'timeout' | 'http_error' };
};

export type Receipt =
  | { ok: true; body: unknown }
  | { ok: false; error: 'operation_timeout' | 'dispatch_failed'; status?: number };

export type Carrier = (parcel: Parcel) => Promise<Receipt>;

/** For complaints: `command /register`, `view_submission register`. */
export function named({ kind, payload }: Parcel): string {
  if (kind === 'slash_commands') return `command ${String(payload.command)}`;
  const inner = (payload.event ?? payload) as Payload;
  return String(inner.type);
}

/** Which way a raw payload goes is told by its shape, as Slack's own senders do. */
export function parcel(payload: Payload): Parcel {
  if (typeof payload.command === 'string') return { kind: 'slash_commands', payload, takesAnswer: true };
  if (payload.type === 'event_callback') return { kind: 'events_api', payload, takesAnswer: false };
  const takesAnswer = payload.type === 'view_submission' || payload.type === 'block_suggestion';
  return { kind: 'interactive', payload, takesAnswer };
}
