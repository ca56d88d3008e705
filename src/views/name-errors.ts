/** Errors about names. */
import { findMixedScript } from '../domain/names.ts';

/** Describes a name that mixes alphabets, in plain text for under a field; undefined where it does not. */
export function mixedScriptText(name: string): string | undefined {
  const mixed = findMixedScript(name);
  return (
    mixed &&
    `“${mixed.word}” has letters of different alphabets, ${mixed.alphabets.join(' and ')}, and could pass for another name. Type the word in one alphabet.`
  );
}
