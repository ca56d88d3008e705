/** `npm run demo -- --tour`: plays the whole story and prints it as the people in the workspace see it. */
import { seed } from '../local-slack/seed.ts';
import { temporaryFolder } from './folder.ts';
import type { Place, Player } from './player.ts';
import { story } from './story.ts';
import { openSystem, type System } from './system.ts';
import * as teller from './teller.ts';

/** What somebody must be able to read, after what was done. */
export type Sight = { who: Player; where: Place; reads: RegExp; without?: RegExp };

export type Step = { title: string; does: () => Promise<void>; sees: Sight[] };

/** Returns whether everything came as it must. */
export async function tour(signal: AbortSignal): Promise<boolean> {
  const began = performance.now();
  teller.print('A tour of Registrar, in a Slack workspace and with a PostgreSQL of its own. Starting…');
  await using folder = await temporaryFolder();
  await using system = await openSystem({ folder: `${folder.path}/data`, workspace: { seed: town() }, signal });
  const steps = story(system);
  for (const [index, step] of steps.entries()) {
    signal.throwIfAborted();
    teller.title(index + 1, step.title);
    if (!(await played(step))) return false;
  }
  if (!nothingToComplain(system)) return false;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  teller.print(`\nAll ${steps.length} steps came as expected, in ${seconds} seconds. To play yourself: npm run demo`);
  return true;
}

/** The usual people. The approval channel is open, so that everybody can look and be told who may decide. */
function town() {
  const usual = seed();
  const channels = usual.channels.map((one) =>
    one.name === 'api-requests' ? { ...one, kind: 'public' as const } : one,
  );
  return { ...usual, channels };
}

async function played({ does, sees }: Step): Promise<boolean> {
  try {
    await does();
  } catch (error) {
    teller.failure('that this can be done', error instanceof Error ? error.message : String(error));
    return false;
  }
  for (const sight of sees) if (!(await seen(sight))) return false;
  return true;
}

async function seen({ who, where, reads, without }: Sight): Promise<boolean> {
  const found = await who.finds(where, (text) => reads.test(text) && !without?.test(text));
  if (found !== undefined) teller.sight(who.called, places[where] ?? `in #${where}`, found);
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
  messages: 'in a direct message of Registrar',
  whispered: 'in a message that nobody else sees',
  mail: 'in an e-mail',
  gateway: 'from the gateway',
};

/** The workspace is as strict as Slack, and notes what Slack would have swallowed. */
function nothingToComplain({ workspace }: System): boolean {
  if (workspace.protocolViolations.length === 0) return true;
  teller.failure('nothing that breaks a rule of Slack', workspace.protocolViolations.join('\n'));
  return false;
}
