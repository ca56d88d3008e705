import { setTimeout as pause } from 'node:timers/promises';

/** Asks again until the answer is yes; gives up after `within` milliseconds, saying what was awaited. */
export async function eventually(what: string, isSo: () => Promise<boolean>, within = 10_000): Promise<void> {
  const end = performance.now() + within;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await pause(10);
  }
}
