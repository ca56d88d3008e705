/**
 * `npm run demo`: the whole system on this machine, with a page on which one person plays developer and approver.
 * `npm run demo -- --tour`: the same without a browser, told in the terminal (tour.ts).
 */
import { parseArgs } from 'node:util';
import { DemoError } from './demo-error.ts';
import { play } from './play.ts';
import { settingsIn } from './settings.ts';
import { tour } from './tour.ts';

const usage = `npm run demo                 a Slack workspace in the browser, with Registrar in it
npm run demo -- --reset      the same, from the start
npm run demo -- --tour       the story in this terminal, without a browser
npm run demo -- --tour --all every step of it

PORT=3200 npm run demo       the page at another port than 3100
REMIND_AFTER=20s npm run demo   with a setting of the README's table
`;

const options = {
  tour: { type: 'boolean' },
  all: { type: 'boolean' },
  reset: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function read(args: string[]) {
  try {
    return parseArgs({ args, options }).values;
  } catch {
    const known = Object.keys(options).map((name) => `--${name}`);
    const unknown = args.filter((arg) => !known.includes(arg)).join(' ');
    throw new DemoError(`The demo does not know ${unknown}. It knows:\n\n${usage}`);
  }
}

const stopping = new AbortController();
// Not `once`: a second Ctrl-C must not end the process while it stops.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());

// A pipe may be closed before the end, as by `head`.
process.stdout.on('error', () => stopping.abort());

process.on('unhandledRejection', fail);

try {
  const asked = read(process.argv.slice(2));
  if (asked.help) process.stdout.write(usage);
  else if (asked.tour) process.exitCode = (await tour({ all: asked.all === true, signal: stopping.signal })) ? 0 : 1;
  else
    await play({
      port: process.env.PORT,
      reset: asked.reset === true,
      env: settingsIn(process.env),
      signal: stopping.signal,
    });
  process.exit();
} catch (error) {
  // Stopped before its end. An unfinished tour is no success.
  if (error instanceof Error && error.name === 'AbortError') process.exit(process.argv.includes('--tour') ? 1 : 0);
  fail(error);
}

function fail(error: unknown): never {
  const words = error instanceof Error && !(error instanceof DemoError) ? error.stack : undefined;
  process.stderr.write(`\n${words ?? (error instanceof Error ? error.message : String(error))}\n`);
  process.exit(1);
}
