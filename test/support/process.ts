/** The bot as operators run it: a process of its own, with an environment, a log and an exit code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Program = {
  child: ChildProcess;
  /** Everything it wrote, to both outputs. */
  lines: string[];
  /** Resolves with the first line that matches; rejects where the program ends without one. */
  says(pattern: RegExp): Promise<string>;
  exited: Promise<number | null>;
};

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The environment of a program that has none of its own; compiled code is kept, so that the next start is quicker. */
export const bare = { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: join(tmpdir(), 'registrar-compile-cache') };

/** Starts `src/main.ts`, or as operators do `npm start`, with nothing but the given environment. */
export function run(env: Record<string, string>, { by = 'node' }: { by?: 'node' | 'npm' } = {}): Program {
  const [command, parameters] = by === 'npm' ? ['npm', ['start']] : [process.execPath, [main]];
  const child = spawn(command, parameters, { cwd: root, env: { ...bare, ...env } });
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  const exited = once(child, 'close').then(([code]) => code);
  for (const output of [child.stdout, child.stderr]) {
    createInterface(output).on('line', (line) => {
      lines.push(line);
      for (const listener of listeners) listener();
    });
  }
  return {
    child,
    lines,
    exited,
    says(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const look = () => {
        const found = lines.find((line) => pattern.test(line));
        if (found !== undefined) resolve(found);
      };
      listeners.add(look);
      look();
      void exited.then(() => reject(new Error(`it ended without saying ${pattern}:\n${lines.join('\n')}`)));
      return promise.finally(() => listeners.delete(look));
    },
  };
}

/** Starts it and waits until it is ready. Returns the port it answers HTTP on. */
export async function runReady(
  env: Record<string, string>,
  how?: Parameters<typeof run>[1],
): Promise<Program & { port: number }> {
  const program = run({ ...env, LOG_LEVEL: 'info' }, how);
  const ready = JSON.parse(await program.says(/Registrar is ready/));
  return { ...program, port: ready.port };
}

/** Ends it, however it is. */
export async function kill({ child, exited }: Program): Promise<void> {
  child.kill('SIGKILL');
  await exited;
}
