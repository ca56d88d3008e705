/** Tells a story in a terminal: what people do, and what they then see. */
import { styleText } from 'node:util';
import { plain } from '../local-slack/page/text/emoji.ts';

/** Without colours where the output is no terminal, or NO_COLOR is set: styleText looks for itself. */
const bold = (text: string) => styleText('bold', text);
const dim = (text: string) => styleText('dim', text);
const green = (text: string) => styleText('green', text);
const red = (text: string) => styleText('red', text);

const margin = '     ';

export function title(number: number, text: string): void {
  print(`\n${String(number).padStart(3)}  ${bold(text)}\n`);
}

export function action(who: string, what: string): void {
  print(`${margin}${who} ${what}`);
}

export function sight(who: string, where: string, text: string): void {
  print(`\n${margin}${green('✓')} ${who} reads ${where}:\n${framed(text)}`);
}

export function failure(expected: string, instead: string): void {
  print(
    `\n${margin}${red('✗')} expected: ${expected}\n${margin}  there is instead:\n${framed(instead || '(nothing)')}`,
  );
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** `:name:` as the emoji that people see, beside a line that says where it begins and ends. */
const framed = (text: string): string =>
  plain(text)
    .split('\n')
    .map((line) => `${margin}  ${dim('│')} ${line}`.trimEnd())
    .join('\n');
