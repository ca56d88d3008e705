/**
 * Slack misbehaves: every method that the bot calls × every way in which a call can fail. While it does, the user who acts is
 * answered in time and truly; once it is over, people see exactly what is kept, each message once, and nothing is left.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { parseDeadLetterCommand, runDeadLetterCommand } from '../../src/cli/dead-letters.ts';
import type { Fault } from '../local-slack/model.ts';
import { findViolations } from '../support/invariants.ts';
import { delivered, looksForCopies } from '../support/outbox.ts';
import { type Row, rows } from './fault-matrix/rows.ts';
import { openStory, type Story } from './fault-matrix/story.ts';

const error = (word: string): Fault => ({ kind: 'error', error: word });

/**
 * Ways to fail, and Slack's own words, each where it can occur. Each has a scenario, because they mostly wait; those that wait
 * longest begin.
 */
const ways: [string, (row: Row) => Fault[]][] = [
  ['hangs', () => [{ kind: 'hang' }]],
  ['says what only a human can fix', ({ words }) => words.map(error)],
  ['is limited (429)', () => [{ kind: 'rate-limited', retryAfter: 1 }]],
  ['fails (500)', () => [{ kind: 'server-error' }]],
  ['cuts the connection', () => [{ kind: 'reset' }]],
  ['answers with nonsense', () => [{ kind: 'malformed' }]],
  ['does it and cuts the connection', () => [{ kind: 'accept-then-drop' }]],
  [
    'cuts the connection and does it later',
    ({ method }) => (method === 'chat.postMessage' ? [{ kind: 'drop-then-store', until: () => after(3_000) }] : []),
  ],
];

/** No one waits for ten seconds here: what gives a call up does so in a tenth of them, and of a click's in half its time. */
beforeAll(() => {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(ms >= 10_000 ? ms / 10 : ms / 2));
});
afterAll(() => vi.restoreAllMocks());

const policy = { approvers: [], adminChannel: 'C0REQUESTS', allowSelfApproval: false, allowExternal: false };

type Cell = { row: Row; fault: Fault };

/** Each cell after the other; what follows by itself is waited for at the end. What goes wrong names its cell. */
async function play(story: Story, cells: Cell[]): Promise<void> {
  const following: { cell: Cell; met: Promise<void>; follows: () => Promise<unknown> }[] = [];
  for (const cell of cells) {
    await named(cell, async () => {
      const { act, afterwards, inTheEnd, when = () => true } = await cell.row.ready(story, cell.fault);
      // What the outbox tries again fails once: a fault that stood on would meet what other cells wait for.
      const times = inTheEnd ? 1 : Number.POSITIVE_INFINITY;
      const standing = story.workspace.fail(cell.row.method, cell.fault, { times, when });
      await act();
      const met = story.workspace
        .until(() => standing.met > 0, { what: 'the call is made' })
        .then(() => standing.end());
      if (inTheEnd) following.push({ cell, met, follows: inTheEnd });
      else await met;
      await afterwards?.();
    });
  }
  await Promise.all(following.map(({ cell, met }) => named(cell, () => met)));
  await delivered(story.scenario);
  // What could not be delivered is put back, as an operator does.
  await runDeadLetterCommand(parseDeadLetterCommand(['redrive']), story.scenario.database.url);
  await Promise.all(following.map(({ cell, follows }) => named(cell, follows)));
  await story.workspace.until(() => story.workspace.calls.every(({ comesLate }) => !comesLate), {
    what: 'all that comes late is done',
  });
  await looksForCopies(story.scenario);
  expect(await findViolations(story.scenario, policy)).toEqual([]);
}

async function named({ row, fault }: Cell, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const how = fault.kind === 'error' ? fault.error : fault.kind;
    throw new Error(`${row.method}, ${how}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

it.concurrent.each(ways)(
  'where Slack %s, at any method, everybody is answered, and in the end all of it is so',
  async (_, faultsOf) => {
    await using story = await openStory();
    await play(
      story,
      rows.flatMap((row) => faultsOf(row).map((fault): Cell => ({ row, fault }))),
    );
  },
);

it('every method that the bot calls has its row, and no other', () => {
  const root = new URL('../../src/', import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const source = files.map((file) => readFileSync(new URL(file, root), 'utf8')).join('\n');
  const clients = /\b(?:client|poster)\s*\.((?:\s*\.?\w+)(?:\s*\.\w+)+)\(/g;
  const called = [...source.matchAll(clients)].map(([, path = '']) => path.replace(/\s+/g, ''));
  const methods = called.filter((path) => /^(chat|views|conversations|users|usergroups|files|auth)\./.test(path));
  // Calls that the code does not name: the SDK opens connections, and Bolt posts to response URLs.
  const others = ['apps.connections.open', 'response_url'];
  expect(source).not.toMatch(/\bapiCall\(/);
  expect([...new Set(rows.map(({ method }) => method))].sort()).toEqual([...new Set([...methods, ...others])].sort());
});
