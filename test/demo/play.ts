/** The demo in the browser: starts everything, says where to look, and keeps it all for the next time. */
import { join, relative } from 'node:path';
import { servePage } from '../local-slack/page/page.ts';
import type { Workspace } from '../local-slack/workspace.ts';
import { claimFolder, demoFolder, emptyFolder, project } from './folder.ts';
import { DemoGateway } from './gateway.ts';
import { keep, recall } from './keep.ts';
import { openSystem } from './system.ts';
import { Trouble } from './trouble.ts';

const usualPort = 3100;

/** Short, so that whoever lets a request wait for a while sees the reminder too. */
const settings = {
  REMIND_AFTER: '10m',
  REMINDER_SCHEDULE: '* * * * *',
  TIME_ZONE: new Intl.DateTimeFormat().resolvedOptions().timeZone,
};

type Asked = { port: string | undefined; reset: boolean; signal: AbortSignal };

/** Goes on until the signal says to stop. */
export async function play({ port, reset, signal }: Asked): Promise<void> {
  const listenOn = portOf(port);
  const { folder, elsewhere } = await demoFolder();
  const release = await claimFolder(folder);
  try {
    if (reset) await emptyFolder(folder);
    const file = join(folder, 'workspace.json');
    const saved = await recall(file);
    say(saved === undefined ? 'Starting. The first time takes a few seconds…' : 'Starting where you left off…');
    const workspace = { port: listenOn, ...(saved === undefined ? {} : { saved }) };
    const mail = join(folder, 'mail.json');
    const letters = await recall(mail);
    const before = letters === undefined ? {} : { letters };
    const consumersFile = join(folder, 'gateway.json');
    const consumers = await recall(consumersFile);
    const gatewayBefore = consumers === undefined ? {} : { consumers };
    const system = await openSystem({ folder, workspace, ...before, ...gatewayBefore, env: settings, signal });
    const keepTheRest = [keep(system.workspace, file), keep(system.mailbox, mail), keep(system.gateway, consumersFile)];
    try {
      servePage(system.workspace, { mail: system.mailbox, gateway: new DemoGateway(system.gateway) });
      if (saved === undefined) await greet(system.workspace);
      say(welcome(system.workspace, elsewhere ? folder : relative(project, folder)));
      await stopped(signal);
      say('\nStopping…');
    } finally {
      await system[Symbol.asyncDispose]();
      // After the bot, whose last messages are kept too.
      for (const rest of keepTheRest) await rest();
    }
  } finally {
    await release();
  }
}

function portOf(given: string | undefined): number {
  if (!given) return usualPort;
  if (/^\d{1,5}$/.test(given) && Number(given) <= 65_535) return Number(given);
  throw new Trouble(`PORT is to be a number from 0 to 65535, and not ${given}.`);
}

/** The only message that is there from the beginning. */
async function greet(workspace: Workspace): Promise<void> {
  await workspace.say(
    'alex',
    'general',
    'Do you need one of our APIs? Type `/register` here and say what for. I see it in *api-requests*, and you hear from me. `/unregister` gives it back.',
  );
}

function welcome(workspace: Workspace, folder: string): string {
  const approvers = workspace.channel('api-requests').members;
  const people = [...workspace.members.values()]
    .filter(({ isBot, deleted }) => !isBot && !deleted)
    .map(({ id, realName, title }) => {
      return `    ${realName.padEnd(14)}${title}${approvers.includes(id) ? ', in #api-requests' : ''}`;
    });
  return `
  Registrar is ready, in a Slack workspace of its own:

    ${workspace.url}

  You can be everybody here, one after another or in a tab each:

${people.join('\n')}

  1. As Dana, type /register in #general and ask for a service or two.
  2. As Alex, look into #api-requests and decide.
  3. As Dana, read what Registrar tells you, also as Mail, and /unregister what you do not need.
  4. Ask for the Translation API, get a key when it is approved, and call it under Gateway.

  Everything is kept in ${folder}. To begin anew: npm run demo -- --reset
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
