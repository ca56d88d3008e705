/** What the picker "Application" offers: the person's applications, and a new one. */
import { withTimeout } from '../../async/timeout.ts';
import * as applications from '../../db/application/applications.ts';
import type { Deps } from '../../deps.ts';
import { isTooLong, normalizeName, suggestedNames } from '../../domain/application.ts';
import { msPer } from '../../domain/duration.ts';
import { findMixedScript } from '../../domain/names.ts';
import { lookupTimeout } from '../../slack/respond.ts';
import { optionLimit } from '../../views/blocks.ts';
import {
  createOption,
  mixedScriptOption,
  ownedOption,
  takenOption,
  tooLongOption,
} from '../../views/registration/register-modal.ts';

type Context = Pick<Deps, 'db' | 'directory'>;
type Option = ReturnType<typeof createOption>;

/** How long the name of a person may be cached, in milliseconds. */
const nameTtl = msPer.hour;

/** Lists the person's applications that match, and what creates one; or says why the name that was typed cannot. */
export async function offerApplications(person: string, typed: string, context: Context): Promise<Option[]> {
  const owned = await applications.searchOwned(context.db, person, typed, optionLimit - 1);
  const name = normalizeName(typed);
  const first =
    name === ''
      ? owned.length === 0 && (await suggest(person, context))
      : await offerName(person, name, typed, context);
  return [...(first ? [first] : []), ...owned.map(ownedOption)];
}

/** Offers to create the first application under a name that is free. */
async function suggest(person: string, { db, directory }: Context): Promise<Option | undefined> {
  const member = await withTimeout(lookupTimeout, directory.member(person, nameTtl), undefined).catch(() => undefined);
  const names = suggestedNames(member?.name ?? '');
  const taken = new Set((await applications.findTaken(db, names)).map(({ name }) => name));
  const free = names.find((name) => !taken.has(name));
  return free === undefined ? undefined : createOption(free);
}

/** Offers to create an application under a name, or says why not; undefined where it is the person's own. */
async function offerName(
  person: string,
  name: string,
  typed: string,
  { db, directory }: Context,
): Promise<Option | undefined> {
  const [taken] = await applications.findTaken(db, [name]);
  if (taken?.owners.includes(person)) return undefined;
  if (isTooLong(typed)) return tooLongOption;
  if (findMixedScript(name)) return mixedScriptOption(name);
  if (!taken) return createOption(name);
  const lookups = taken.owners.map((id) => directory.member(id, nameTtl));
  const owners = await withTimeout(lookupTimeout, Promise.all(lookups), []).catch(() => []);
  return takenOption(
    name,
    owners.flatMap((member) => (member ? [member.name] : [])),
  );
}
