/** One request to a gateway, within a time limit. It is never repeated here: that is the outbox's. */
import { GatewayError } from './failure.ts';

/** As much of `fetch` as gateways are called with; a proxy comes with the one that is given. */
export type Fetch = (
  url: string,
  init: {
    method: string;
    headers: Record<string, string>;
    body?: string;
    signal: AbortSignal;
    redirect: 'manual';
  },
) => Promise<{ status: number; headers: { get(name: string): string | null }; text(): Promise<string> }>;

/** The longest that one request may take with its answer, in milliseconds. */
export const requestTimeout = 10_000;

export type Sent = { method: string; headers: Record<string, string>; body?: string };
export type Answer = { status: number; text: string; retryAfter: number | undefined };

/**
 * Sends a request and reads its whole answer. Rejects with a `GatewayError` where there is none (`unreachable`, `timeout`),
 * and for the answers that mean the same everywhere: 429 and redirects. `what` is for the message, such as
 * "PUT a group".
 */
export async function send(
  fetch: Fetch,
  { gateway, url, what, timeout = requestTimeout }: { gateway: string; url: string; what: string; timeout?: number },
  sent: Sent,
): Promise<Answer> {
  const signal = AbortSignal.timeout(timeout);
  let answer: Answer;
  try {
    const response = await fetch(url, { ...sent, signal, redirect: 'manual' });
    const retryAfter = parseRetryAfter(response.headers.get('retry-after'));
    answer = { status: response.status, text: await response.text(), retryAfter };
  } catch (error) {
    if (signal.aborted) throw new GatewayError(gateway, 'timeout', `${what}: no answer in ${timeout / 1000} s`);
    throw new GatewayError(gateway, 'unreachable', `${what}: ${reasonOf(error)}`);
  }
  const { status, retryAfter } = answer;
  if (status >= 300 && status < 400)
    throw new GatewayError(gateway, 'redirected', `${what}: redirected (HTTP ${status}); name the final address`);
  if (status === 429) throw new GatewayError(gateway, 'rate-limited', `${what}: rate limited (HTTP 429)`, retryAfter);
  return answer;
}

/** Reads Retry-After in seconds (RFC 9110, 10.2.3), to milliseconds; a date, or nonsense, is as if nothing was said. */
function parseRetryAfter(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined;
}

/** Names why nothing came back: a code such as ECONNREFUSED. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return 'the connection failed';
}
