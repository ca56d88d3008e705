/** Tells a story in a terminal: what people do, and what they then see. */
import { styleText } from 'node:util';
import { plain } from '../local-slack/page/text/emoji.ts';

/** Without colors where the output is no terminal, or NO_COLOR is set: styleText checks that itself. */
const bold = (text: string) => styleText('bold', text);
const dim = (text: string) => styleText('dim', text);
const green = (text: string) => styleText('green', text);
const red = (text: string) => styleText('red', text);

export type Teller = {
  chapter(number: number, title: string): void;
  step(title: string): void;
  action(who: string, what: string): void;
  /** `gist` matches the lines that matter. */
  sight(who: string, where: string, text: string, gist?: RegExp): void;
  failure(expected: string, instead: string): void;
};

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

const margin = '     ';

/** `:name:` as the emoji that people see. */
const framed = (text: string): string =>
  plain(text)
    .split('\n')
    .map((line) => `${margin}  ${dim('│')} ${line}`.trimEnd())
    .join('\n');

const failure = (expected: string, instead: string): void =>
  print(
    `\n${margin}${red('✗')} expected: ${expected}\n${margin}  there is instead:\n${framed(instead || '(nothing)')}`,
  );

/** Prints every step, and all that is read. */
export function tellEverything(): Teller {
  let steps = 0;
  return {
    chapter: (_, title) => print(`\n${bold(`== ${title}`)}`),
    step: (title) => {
      steps += 1;
      print(`\n${String(steps).padStart(3)}  ${bold(title)}\n`);
    },
    action: (who, what) => print(`${margin}${who} ${what}`),
    sight: (who, where, text) => print(`\n${margin}${green('✓')} ${who} reads ${where}:\n${framed(text)}`),
    failure,
  };
}

/** Columns of the short story. */
const columns = 110;

/** Prints a chapter in a few lines: what people do in one sentence each, and the lines that matter of what they read. */
export function tellBriefly(): Teller {
  let who = '';
  let acts: string[] = [];
  function flush(): void {
    if (acts.length > 0) print(wrapped(`${who} ${acts.join(', ')}`));
    acts = [];
  }
  return {
    chapter: (number, title) => print(`\n${String(number).padStart(3)}  ${bold(title)}`),
    step: () => {},
    action(by, what) {
      if (by !== who) flush();
      who = by;
      acts.push(what);
    },
    sight(by, where, text, gist) {
      flush();
      const lines = plain(text)
        .split('\n')
        .filter((line) => !/^(==|·|---)/.test(line));
      const told = gist ? lines.filter((line) => gist.test(line)) : lines.slice(0, 1);
      const line = told.map((one) => one.replaceAll(/\s+/g, ' ').trim()).join('  ');
      const room = columns - `${by} ${where}: `.length - margin.length - 2;
      print(`${margin}${green('✓')} ${by} ${where}: ${line.length > room ? `${line.slice(0, room - 1)}…` : line}`);
    },
    failure(expected, instead) {
      flush();
      failure(expected, instead);
    },
  };
}

function wrapped(sentence: string): string {
  const lines = [''];
  for (const word of sentence.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && margin.length + line.length + 1 + word.length > columns) lines.push(`  ${word}`);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `${margin}${line}`).join('\n');
}
