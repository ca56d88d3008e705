/** Keeps a server running: one that dies is started again, at the same address. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { stopServer } from './server.ts';

/** How often in a row it is started again before it is given up. */
const attempts = 10;

/** A server that has run for so long is not one that dies at each start, in milliseconds. */
const steadyAfter = 60_000;

/**
 * Starts a server, and starts it again where it dies. Rejects where the first start fails. Where it cannot be had again,
 * `onLost` is called with what the last start said. `pauseBefore`: before each new start, in milliseconds. Returns the
 * function that stops it for good.
 */
export async function keepRunning(
  start: () => Promise<ChildProcess>,
  onLost: (error: unknown) => void,
  pauseBefore = 1_000,
): Promise<() => Promise<void>> {
  let server = await start();
  let startedAt = performance.now();
  let failures = 0;
  let stopping = false;
  let restarting: Promise<void> = Promise.resolve();
  watch();

  function watch(): void {
    server.once('exit', (code, signal) => {
      if (stopping) return;
      if (performance.now() - startedAt > steadyAfter) failures = 0;
      restarting = restart(new Error(`the server ended with ${signal ?? code}`));
    });
  }

  /** Starts the server again. The first attempts may fail: processes of the server that died hold its memory until they notice. */
  async function restart(reason: unknown): Promise<void> {
    let last = reason;
    while (!stopping) {
      failures += 1;
      if (failures > attempts) return onLost(last);
      await pause(pauseBefore);
      try {
        server = await start();
        startedAt = performance.now();
        return watch();
      } catch (error) {
        last = error;
      }
    }
  }

  return async () => {
    stopping = true;
    await restarting;
    await stopServer(server);
  };
}
