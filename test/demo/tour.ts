/** `npm run demo -- --tour`: plays the story and prints it as the people in the workspace see it. */
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { temporaryFolder } from './folder.ts';
import type { Place, Player } from './player.ts';
import { acme, settings } from './settings.ts';
import { story } from './story.ts';
import { openSystem, type System } from './system.ts';
import { print, type Teller, tellBriefly, tellEverything } from './teller.ts';

/** What a person must be able to read after a step; `gist` matches the lines that the short story shows. */
export type Sight = { who: Player; where: Place; reads: RegExp; without?: RegExp; gist?: RegExp };

export type Step = { title: string; does: () => Promise<void>; sees: Sight[] };

/** A part of the story: its steps, and those that only the whole story has. */
export type Chapter = { title: string; steps: Step[]; more: Step[] };

type TourOptions = { all: boolean; signal: AbortSignal };

/** Returns whether everything came as it must. With `all` it plays every step, and does not wait for Enter. */
export async function tour({ all, signal }: TourOptions): Promise<boolean> {
  const began = performance.now();
  print('A tour of Registrar, in a Slack workspace and with a PostgreSQL of its own. Starting…');
  await using folder = await temporaryFolder();
  const workspace = { seed: acme() };
  await using system = await openSystem({ folder: `${folder.path}/data`, workspace, env: settings, signal });
  const teller = all ? tellEverything() : tellBriefly();
  const waits = !all && process.stdin.isTTY && process.stdout.isTTY;
  const chapters = story(system, teller);
  for (const [index, { title, steps, more }] of chapters.entries()) {
    if (waits && index > 0) await enter(signal);
    teller.chapter(index + 1, title);
    for (const step of [...steps, ...(all ? more : [])]) {
      signal.throwIfAborted();
      if (!(await played(step, teller))) return false;
    }
  }
  if (!keepsTheProtocol(system, teller)) return false;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const further = all ? '' : ' Every step: npm run demo -- --tour --all.';
  print(`\nAll came as expected, in ${seconds} seconds.${further} To play yourself: npm run demo`);
  return true;
}

/** Waits for Enter. A closed input ends the tour. */
async function enter(signal: AbortSignal): Promise<void> {
  // Without `terminal`, Ctrl-C still reaches the process.
  const input = createInterface({ input: process.stdin, output: process.stdout, terminal: false });
  try {
    const closed = once(input, 'close', { signal }).then(() => 'closed');
    const pressed = await Promise.race([input.question('\n     Press Enter to go on. ', { signal }), closed]);
    if (pressed === 'closed') throw new DOMException('The input was closed.', 'AbortError');
  } finally {
    input.close();
  }
}

/** Plays a step. Where something is not as expected, says what was, and returns false. */
export async function played({ title, does, sees }: Step, teller: Teller): Promise<boolean> {
  teller.step(title);
  try {
    await does();
  } catch (error) {
    teller.failure(`this can be done: ${title}`, error instanceof Error ? error.message : String(error));
    return false;
  }
  for (const sight of sees) if (!(await seen(sight, teller))) return false;
  return true;
}

async function seen({ who, where, reads, without, gist }: Sight, teller: Teller): Promise<boolean> {
  const found = await who.finds(where, (text) => reads.test(text) && !without?.test(text));
  if (found !== undefined) teller.sight(who.called, places[where] ?? `in #${where}`, found, gist);
  else {
    const but = without ? `, without ${without}` : '';
    const expected = `${who.called} reads ${reads}${but} ${places[where] ?? `in #${where}`}`;
    teller.failure(expected, who.sees(where).join('\n---\n'));
  }
  return found !== undefined;
}

const places: Record<Place, string> = {
  home: "in Registrar's Home",
  modal: 'in the window',
  messages: 'in a direct message',
  whispered: 'in a message that only they see',
  mail: 'in an e-mail',
  gateway: 'from the gateway',
};

/** The workspace is as strict as Slack, and notes what Slack would ignore. */
function keepsTheProtocol({ workspace }: System, teller: Teller): boolean {
  if (workspace.protocolViolations.length === 0) return true;
  teller.failure('no rule of Slack is broken', workspace.protocolViolations.join('\n'));
  return false;
}
