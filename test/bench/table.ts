/** The summary: in the terminal, as JSON for comparing two commits, and in docs/performance.md between its two marks. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { Answer } from './question.ts';
import { times } from './words.ts';

const page = new URL('../../docs/performance.md', import.meta.url);

const marks = { begin: '<!-- npm run bench writes from here -->', end: '<!-- to here -->' };

/** Describes the setting of a run: when, on what, with what. */
export function setting(postgres: string, seconds: number) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit,
    node: process.version,
    postgres,
    cores: cpus().length,
    processor: cpus()[0]?.model ?? '',
    memory: `${Math.round(totalmem() / 1024 ** 3)} GB`,
    seconds: Math.round(seconds),
  };
}

export type Setting = ReturnType<typeof setting>;

export const holds = ({ ratio, mustBe }: Answer): boolean =>
  'atLeast' in mustBe ? ratio.median >= mustBe.atLeast : ratio.median <= mustBe.atMost;

const bound = ({ mustBe }: Answer): string =>
  'atLeast' in mustBe ? `≥ ${mustBe.atLeast}` : `≤ ${Number(mustBe.atMost.toFixed(3))}`;

export function table(
  answers: Answer[],
  { date, commit, node, postgres, cores, processor, memory, seconds }: Setting,
): string {
  const rows = answers.map((answer) => {
    const { question, bot, baseline, ratio, note } = answer;
    const cells = [
      question,
      note ? `${bot} (${note})` : bot,
      baseline,
      times(ratio),
      bound(answer),
      holds(answer) ? 'yes' : '**no**',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    `Measured on ${date} at ${commit}: Node ${node}, PostgreSQL ${postgres} with its durable settings, ${cores} cores (${processor}), ${memory}; ${seconds} s in all. Medians of the rounds, ± half the distance between their quartiles.`,
    '',
    '| question | the bot | baseline | ratio | must be | holds |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** Replaces what stands between the marks. */
export function writePage(text: string): void {
  const [before, rest] = readFileSync(page, 'utf8').split(marks.begin);
  const after = rest?.split(marks.end)[1];
  if (before === undefined || after === undefined)
    throw new Error('docs/performance.md has lost the marks of the bench');
  writeFileSync(page, `${before}${marks.begin}\n${text}\n${marks.end}${after}`);
}
