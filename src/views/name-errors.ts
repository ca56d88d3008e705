/** What is wrong with a name, and how to mend it. */
import { findMixedScript } from '../domain/names.ts';

/** In plain text, as it stands under a field; undefined where the name is well. */
export function mixedScriptText(name: string): string | undefined {
  const mixed = findMixedScript(name);
  return (
    mixed &&
    `“${mixed.word}” has letters of different alphabets, ${mixed.alphabets.join(' and ')}, and could pass for another name. Type the word in one alphabet.`
  );
}
