/** One answer over HTTP: held back, or spoiled by a fault that a test has staged, or as it should be. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import type { Faults } from '../faults.ts';
import type { Fault } from '../model.ts';
import type { Args } from './arguments.ts';

export type Answered = {
  status: number;
  body: Record<string, unknown>;
  headers?: Record<string, string>;
  /** Sent instead of the body. */
  text?: string;
};

export type Asked = { name: string; args: Args; request: IncomingMessage; response: ServerResponse };

/** Carries a call out with `run`, unless a fault comes before it, and answers it; `record` is told how. */
export async function exchange(
  faults: Faults,
  { name, args, request, response }: Asked,
  run: () => Answered,
  record: { response: Record<string, unknown>; status: number; comesLate?: boolean } = { response: {}, status: 0 },
): Promise<void> {
  await faults.wait(name, args);
  const fault = faults.next(name, args);
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'reset') {
    request.socket.destroy();
    return;
  }
  if (fault?.kind === 'drop-then-store') {
    request.socket.destroy();
    record.comesLate = true;
    await fault.until();
    record.comesLate = false;
  }
  const answer = (fault && misbehaviour(fault)) ?? run();
  record.response = answer.body;
  if (fault?.kind === 'drop-then-store') return;
  if (fault?.kind === 'accept-then-drop') {
    request.socket.destroy();
    return;
  }
  if (fault?.kind === 'delay') await after(fault.ms, undefined, { ref: false });
  record.status = answer.status;
  response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8', ...answer.headers });
  response.end(answer.text ?? JSON.stringify(answer.body));
}

export const rateLimited = (seconds: number): Answered => ({
  status: 429,
  body: { ok: false, error: 'ratelimited' },
  headers: { 'retry-after': String(seconds) },
});

/** Returns what a fault answers before anything is done; undefined where the method still runs. */
function misbehaviour(fault: Fault): Answered | undefined {
  switch (fault.kind) {
    case 'rate-limited':
      return rateLimited(fault.retryAfter);
    case 'server-error':
      return { status: 500, body: {}, text: 'Internal Server Error' };
    case 'malformed':
      return { status: 200, body: {}, text: '<html>Not the API</html>' };
    case 'error':
      return { status: 200, body: { ok: false, error: fault.error } };
    default:
      return undefined;
  }
}
