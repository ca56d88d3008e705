import { setTimeout as pause } from 'node:timers/promises';

/** Asks again every so many milliseconds until the answer is yes; rejects after `within` milliseconds, with what was awaited. */
export async function eventually(
  what: string,
  isSo: () => Promise<boolean>,
  within = 60_000,
  every = 25,
): Promise<void> {
  const end = performance.now() + within;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await pause(every);
  }
}
