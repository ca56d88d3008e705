/** Finds the texts in a TypeScript file that a person may read: what is quoted, without code, comments and ids. */

/** A slash begins a regular expression after these; elsewhere it divides. */
const beforeRegex = /(?:[=(,:[!&|?{};]|=>|return)\s*$/;

/** Lists the texts of a source file. A template gives one text for each part between its expressions. */
export function textsIn(source: string): string[] {
  return literals(source)
    .map((text) => withoutEscapes(text).replace(/\s+/g, ' ').trim())
    .filter(isProse);
}

/** Tells prose from ids: it has words with spaces between, or is one word that begins a sentence or labels a button. */
const isProse = (text: string): boolean =>
  /\p{L}[\p{L}’,.:;!?*]* +[^ ]*\p{L}/u.test(text) || /^\p{Lu}\p{Ll}+$/u.test(text);

const withoutEscapes = (text: string): string =>
  text
    .replaceAll(/\\u([0-9a-f]{4})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll(/\\n/g, ' ')
    .replaceAll(/\\(.)/g, '$1');

function literals(source: string): string[] {
  const found: string[] = [];
  let at = 0;
  code(undefined);
  return found;

  /** Reads code up to its end, or to the brace that closes an expression of a template. */
  function code(until: '}' | undefined): void {
    for (let depth = 0; at < source.length; at++) {
      const rest = source.slice(at, at + 2);
      const character = source[at] ?? '';
      if (rest === '//') at = nextOf('\n');
      else if (rest === '/*') at = source.indexOf('*/', at + 2) + 1;
      else if (character === "'" || character === '"') quoted(character);
      else if (character === '`') template();
      else if (character === '/' && beforeRegex.test(source.slice(Math.max(0, at - 20), at))) regex();
      else if (character === '{') depth++;
      else if (character === '}' && depth-- === 0 && until) return;
    }
  }

  function nextOf(text: string): number {
    const next = source.indexOf(text, at);
    return next < 0 ? source.length : next;
  }

  function quoted(mark: string): void {
    const from = ++at;
    while (source[at] !== mark) at += source[at] === '\\' ? 2 : 1;
    // A module, or a type that indexes another, is no text.
    if (!/(?:from|import)\s*\(?$/.test(source.slice(0, from - 1).trimEnd())) found.push(source.slice(from, at));
  }

  function template(): void {
    let from = ++at;
    while (source[at] !== '`') {
      if (source.slice(at, at + 2) !== '${') at += source[at] === '\\' ? 2 : 1;
      else {
        found.push(source.slice(from, at));
        at += 2;
        code('}');
        from = ++at;
      }
    }
    found.push(source.slice(from, at));
  }

  function regex(): void {
    for (let inClass = false; ; ) {
      at++;
      const character = source[at];
      if (character === undefined || character === '\n') return;
      if (character === '\\') at++;
      else if (character === '[') inClass = true;
      else if (character === ']') inClass = false;
      else if (character === '/' && !inClass) return;
    }
  }
}
