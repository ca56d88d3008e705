/** Errors about names, in plain text for under a field. */
import { applicationNameLimit, isTooLong } from '../domain/application.ts';
import { findMixedScript } from '../domain/names.ts';

/** Describes a name that mixes alphabets, in plain text for under a field; undefined where it does not. */
export function mixedScriptText(name: string): string | undefined {
  const mixed = findMixedScript(name);
  return (
    mixed &&
    `“${mixed.word}” has letters of different alphabets, ${mixed.alphabets.join(' and ')}, and could pass for another name. Type the word in one alphabet.`
  );
}

/** Says that a name has to be shortened; undefined where it has not. Slack counts what it escapes as more than one. */
export function tooLongText(typed: string): string | undefined {
  if (!isTooLong(typed)) return undefined;
  const escaped = /[&<>]/.test(typed) ? ', of which “&” takes five, “<” and “>” four' : '';
  return `Too long: a name has at most ${applicationNameLimit} characters${escaped}.`;
}

/** How many owners of a name that is taken are named. */
const maxNamed = 3;

/** Describes a name that another application has, and whom to ask. `owners` are the names of its owners. */
export function nameTakenText({ name, owners, mine }: { name: string; owners: string[]; mine: boolean }): string {
  if (mine) return `You already have an application called “${name}”. Choose another name.`;
  if (owners.length === 0) return `“${name}” is taken. Choose another name.`;
  return `“${name}” belongs to ${owners
    .slice(0, maxNamed)
    .map((owner) => `@${owner}`)
    .join(', ')}. Ask to be made a co-owner, or choose another name.`;
}

/** Says that a person owns as many applications as they may. */
export const tooManyApplicationsText = ({ limit }: { limit: number }): string =>
  `You own as many applications as one person can create: ${limit}. Choose one of yours, or delete one in Home first.`;
