/** Starting against what may not be there yet: a mistake ends it with a sentence, an outage is waited for. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../observability/log.ts';

/** Why Registrar cannot start, in words for the operator, who has to change something. */
export class StartError extends Error {}

/** The longest pause between two tries, in milliseconds. */
const longest = 10_000;

/**
 * Tries until it works. `mistakeIn` tells the errors that only a person can mend, in words; they end it as a `StartError`.
 * Rejects with the signal's reason where the process is told to stop meanwhile; what is being tried is not waited for.
 */
export async function retryUntilReady<T>(
  what: string,
  work: () => Promise<T>,
  mistakeIn: (error: unknown) => string | undefined,
  signal: AbortSignal,
  log: Log,
): Promise<T> {
  const told = Promise.withResolvers<never>();
  const stop = () => told.reject(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([told.promise, tried(what, work, mistakeIn, signal, log)]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function tried<T>(
  what: string,
  work: () => Promise<T>,
  mistakeIn: (error: unknown) => string | undefined,
  signal: AbortSignal,
  log: Log,
): Promise<T> {
  for (let wait = 500; ; wait = Math.min(wait * 2, longest)) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const mistake = mistakeIn(error);
      if (mistake) throw new StartError(mistake);
      log.warn({ err: error, what }, 'not there yet; trying again');
      await pause(wait, undefined, { signal });
    }
  }
}
