/** The demo in the browser: starts everything, says where to look, and keeps it all for the next time. */
import { join, relative } from 'node:path';
import { servePage } from '../local-slack/page/page.ts';
import { DemoClock, day } from './clock.ts';
import { DemoError } from './demo-error.ts';
import { earlierDays, playEarlierDays, playToday } from './earlier-days.ts';
import { claimFolder, demoFolder, emptyFolder, project } from './folder.ts';
import { DemoGateway } from './gateway.ts';
import { keep, recall } from './keep.ts';
import { acme, settings } from './settings.ts';
import { openSystem, type System } from './system.ts';

const usualPort = 3100;

type PlayOptions = {
  port: string | undefined;
  reset: boolean;
  /** Settings that replace those of the demo. */
  env: Record<string, string>;
  signal: AbortSignal;
};

/** Runs until the signal is aborted. */
export async function play({ port, reset, env, signal }: PlayOptions): Promise<void> {
  const listenOn = portOf(port);
  const { folder, elsewhere } = await demoFolder();
  const release = await claimFolder(folder);
  try {
    if (reset) await emptyFolder(folder);
    const files = {
      workspace: join(folder, 'workspace.json'),
      mail: join(folder, 'mail.json'),
      gateway: join(folder, 'gateway.json'),
      clock: join(folder, 'clock.json'),
    };
    const saved = {
      workspace: await recall(files.workspace),
      mail: await recall(files.mail),
      gateway: await recall(files.gateway),
      clock: await recall(files.clock),
    };
    const first = saved.workspace === undefined;
    if (first) await emptyFolder(folder);
    say(first ? 'Starting. The first time takes half a minute…' : 'Starting where you left off…');
    const clock =
      saved.clock === undefined ? new DemoClock(first ? -earlierDays * day : 0) : DemoClock.restored(saved.clock);
    const system = await openSystem({
      folder,
      workspace: { port: listenOn, seed: acme(), ...(saved.workspace === undefined ? {} : { saved: saved.workspace }) },
      ...(saved.mail === undefined ? {} : { letters: saved.mail }),
      ...(saved.gateway === undefined ? {} : { consumers: saved.gateway }),
      // The days before the demo are played with the demo's own settings.
      env: first ? settings : { ...settings, ...env },
      clock,
      signal,
    });
    const { workspace, mailbox, gateway } = system;
    const kept: (() => Promise<void>)[] = [];
    try {
      if (first) await playEarlierDays(system);
      const place = new DemoGateway(gateway, clock.now);
      servePage(workspace, {
        mail: mailbox,
        gateway: place,
        time: { now: clock.now, passDay: () => system.moveTo(clock.ahead + day) },
      });
      if (first) await playToday(system);
      if (first && Object.keys(env).length > 0) await system.restartBot({ ...settings, ...env });
      // Not before: a first start that is interrupted starts over.
      kept.push(
        keep(workspace, files.workspace),
        keep(mailbox, files.mail),
        keep(gateway, files.gateway),
        keep(clock, files.clock),
      );
      say(welcome(system, elsewhere ? folder : relative(project, folder)));
      await stopped(signal);
      say('\nStopping…');
    } finally {
      await system[Symbol.asyncDispose]();
      // After the bot, whose last messages are kept too.
      for (const write of kept) await write();
    }
  } finally {
    await release();
  }
}

function portOf(given: string | undefined): number {
  if (!given) return usualPort;
  if (/^\d{1,5}$/.test(given) && Number(given) <= 65_535) return Number(given);
  throw new DemoError(`PORT must be a number from 0 to 65535, not ${given}.`);
}

/** Says where the page is, whom one plays there, and what to try. */
export function welcome({ workspace, metricsUrl }: System, folder: string): string {
  const approvers = workspace.channel('api-requests').members;
  const people = [...workspace.members.values()]
    .filter(({ isBot, deleted }) => !isBot && !deleted)
    .map(({ id, realName, title }) => {
      return `    ${realName.padEnd(14)}${title}${approvers.includes(id) ? ', in #api-requests' : ''}`;
    });
  return `
  Registrar is ready, in a Slack workspace of its own:

    ${workspace.url}

  You play everyone here, one after another or each in their own tab:

${people.join('\n')}

  What to try:
  1. As Dana, type /register in #general and request a service or two.
  2. As Alex, look into #api-requests and decide. Two requests wait there already.
  3. As Dana, read what Registrar tells you, by e-mail too, and /unregister what you do not need.
  4. Request the Translation API, get a key when it is approved, and call the API under Gateway.
  5. Leave a request undecided and let a day pass: a button at the lower left moves the clock. Days 1 to 3 bring
     reminders, the third also in #api-escalations; on day 5 the request expires; on Mondays there is a digest.

  Metrics: ${metricsUrl()}
  Settings: REMIND_AFTER=20s npm run demo, and others of the README's table.
  The demo keeps everything in ${folder}. To start over: npm run demo -- --reset
  Ctrl-C stops it.
`;
}

function stopped(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}

function say(words: string): void {
  process.stdout.write(`${words}\n`);
}
