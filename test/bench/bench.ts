/**
 * `npm run bench`: how quick the bot is, next to what it is compared with, as ratios.
 * `-- --only picker,tick` asks some questions, `--quick` only shows that all of it works, `--json` prints for comparing two
 * commits, `--write` writes the table into docs/performance.md.
 */
import { parseArgs } from 'node:util';
import { openPlace } from './place.ts';
import type { Answer, Bench, Question } from './question.ts';
import { access } from './questions/access.ts';
import { approve } from './questions/approve.ts';
import { card } from './questions/card.ts';
import { expiry } from './questions/expiry.ts';
import { lists } from './questions/lists.ts';
import { memory } from './questions/memory.ts';
import { outbox } from './questions/outbox.ts';
import { pacing } from './questions/pacing.ts';
import { picker } from './questions/picker.ts';
import { register } from './questions/register.ts';
import { replicas } from './questions/replicas.ts';
import { start } from './questions/start.ts';
import { tick } from './questions/tick.ts';
import { setting, table, writePage } from './table.ts';
import { years } from './years.ts';

/** Asked one after the other, in this order, after the one that takes five minutes has been begun. */
const questions = {
  register,
  approve,
  card,
  outbox,
  expiry,
  access,
  picker,
  lists,
  tick,
  replicas,
  start,
} satisfies Record<string, Question>;

const options = {
  only: { type: 'string' },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  rounds: { type: 'string' },
} as const;

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

const known = ['pacing', 'memory', ...Object.keys(questions)];
const usage = `npm run bench -- [--only ${known.join(',')}] [--quick] [--json] [--write] [--rounds N]`;

function readArguments() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

const values = readArguments();
const wanted = values.only?.split(',') ?? known;
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) refuse(`There is no question ${unknown.join(', ')}.\n${usage}`);
const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
if (!Number.isInteger(rounds) || rounds < 1) refuse(`--rounds ${values.rounds} is no number of rounds.\n${usage}`);

// Also where it is interrupted, it takes its PostgreSQL along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const began = performance.now();
const say = (text: string): void =>
  void process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0)} s: ${text}\n`);

await using place = await openPlace();
const bench: Bench = { place, quick: values.quick, rounds };
const found = new Map<string, Answer[]>();

async function ask(name: string, question: Question): Promise<void> {
  if (!wanted.includes(name)) return;
  say(name);
  const answers = await question(bench);
  found.set(name, answers);
  for (const { question, bot, baseline, ratio } of answers)
    say(`  ${question}: ${bot}; ${baseline}; ${ratio.median.toFixed(2)}`);
}

// What takes five minutes of waiting runs next to what is not measured by the clock: the rows, and memory.
const calm = Promise.withResolvers<void>();
const pacingAsked = ask('pacing', (bench) => pacing(bench, calm.resolve)).finally(calm.resolve);
await calm.promise;
if (wanted.includes('lists') || wanted.includes('tick')) await years(bench);
await ask('memory', memory);
await pacingAsked;
for (const [name, question] of Object.entries(questions)) await ask(name, question);

const answers = known.flatMap((name) => found.get(name) ?? []);
const { sql } = await place.database();
const [{ server_version: version } = { server_version: '' }] = await sql`show server_version`;
const facts = setting(String(version), (performance.now() - began) / 1000);
if (values.json) process.stdout.write(`${JSON.stringify({ ...facts, answers }, null, 2)}\n`);
else process.stdout.write(`${table(answers, facts)}\n`);
if (values.write) writePage(table(answers, facts));
