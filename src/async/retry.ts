/** Retries what the start needs: a configuration error ends the start with a sentence, an outage is waited for. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../observability/log.ts';

/** Why Registrar cannot start, in a sentence for the operator, who has to change something. */
export class StartError extends Error {}

/** The first and the longest pause between two attempts, in milliseconds. */
const minBackoff = 500;
const maxBackoff = 10_000;

/**
 * Retries `work` until it succeeds. `configError` returns a sentence for an error that only an operator can resolve: that
 * rejects with a `StartError`. Rejects with the signal's reason when it is aborted, without waiting for the attempt.
 */
export async function retryUntilReady<T>(
  name: string,
  work: () => Promise<T>,
  configError: (error: unknown) => string | undefined,
  signal: AbortSignal,
  log: Log,
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([aborted.promise, retry(name, work, configError, signal, log)]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function retry<T>(
  name: string,
  work: () => Promise<T>,
  configError: (error: unknown) => string | undefined,
  signal: AbortSignal,
  log: Log,
): Promise<T> {
  for (let backoff = minBackoff; ; backoff = Math.min(backoff * 2, maxBackoff)) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const sentence = configError(error);
      if (sentence) throw new StartError(sentence);
      log.warn({ err: error }, `${name} not reachable, will retry`);
      await pause(backoff, undefined, { signal });
    }
  }
}
