/**
 * A worker that has lost its lease writes nothing: what a delivery writes goes through `attempt.write`, in whose transaction
 * the lease is checked. The functions of the database that write are found by what is in them.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../src');

/** What writes: Drizzle's own words, SQL's, and a transaction, which is begun for nothing else. */
const writing = /\.(insert|update|delete|transaction)\(|\b(insert into|delete from|update \$\{)|\benqueue\(/;

/** Slots in a channel are no one's: one that is not used is free again a second later. */
const unfenced = ['reserve', 'pause'];

async function filesOf(folder: string): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(join(root, folder), { recursive: true })).filter((name) => name.endsWith('.ts'));
  return Promise.all(
    names.map(async (name) => ({
      name: join(folder, name),
      text: await readFile(join(root, folder, name), 'utf8'),
    })),
  );
}

/** Splits a file at what it declares. */
const declarations = (text: string) =>
  text.split(/^(?=(?:export )?(?:async )?(?:function|const) )/m).flatMap((part) => {
    const name = /^(?:export )?(?:async )?(?:function|const) (\w+)/.exec(part)?.[1];
    return name ? [{ name, part }] : [];
  });

/** Finds the functions that write, themselves or by another. */
async function writers(): Promise<Set<string>> {
  const all = (await filesOf('db')).flatMap(({ text }) => declarations(text));
  const found = new Set(all.filter(({ part }) => writing.test(part)).map(({ name }) => name));
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const { name, part } of all)
      if ([...found].some((one) => new RegExp(`\\b${one}\\(\\w+, `).test(part.replace(name, '')))) found.add(name);
  }
  return found;
}

it('what a delivery writes, it writes while it has the lease', async () => {
  const names = await writers();
  const deliveries = (await filesOf('features')).filter(({ name }) => /deliver(\.ts$|\/)/.test(name));
  const calls = [...deliveries, ...(await filesOf('slack'))].flatMap(({ name, text }) =>
    [...text.matchAll(/(?:\b(\w+)\.)?\b(\w+)\((deps\.db|db|fenced)\b/g)].map(([, module = '', called = '', given]) => ({
      file: name.split('/').at(-1),
      call: module ? `${module}.${called}` : called,
      writes: names.has(called) && !unfenced.includes(called),
      fenced: given === 'fenced',
    })),
  );
  expect(calls.filter(({ writes, fenced }) => writes && !fenced)).toEqual([]);
  // The list that was walked; what only reads needs no fence.
  expect(
    [...new Set(calls.filter(({ fenced }) => fenced).map(({ file, call }) => `${file} ${call}`))].sort(),
  ).toMatchInlineSnapshot(`
    [
      "access-messages.ts promiseAccess",
      "access.ts look",
      "access.ts record",
      "access.ts requestForService",
      "application-changed.ts events.enqueueUpdates",
      "application-changed.ts ownerless.onOwnersLeft",
      "application-changed.ts ownerless.removeOwner",
      "approver-message.ts asked.ask",
      "approver-message.ts asked.recordPosted",
      "card.ts cards.markRendered",
      "card.ts cards.markUnposted",
      "card.ts cards.recordMove",
      "card.ts cards.recordPosted",
      "decision-message.ts promiseAccess",
      "deliver.ts resume",
      "direct-reminder.ts direct.recordReminded",
      "direct-reminder.ts direct.tellRequesters",
      "home.ts cards.markOthersStale",
      "home.ts homes.claim",
      "home.ts homes.markRendered",
      "home.ts homes.markStale",
      "home.ts homes.remove",
      "home.ts ownerMessages.updateButtons",
      "messages.ts saveProgress",
      "ownerless-application.ts ownerless.recordPosted",
      "pending-message.ts messages.begin",
      "pending-message.ts messages.recordPosted",
      "replace-reminder.ts direct.recordReached",
      "replace-reminder.ts messages.previousDeleted",
      "replace-reminder.ts messages.recordPosted",
      "replace-reminder.ts messages.remove",
      "replace-reminder.ts messages.start",
      "service-changed.ts cards.markPendingStale",
      "service-changed.ts homes.markPendingStale",
      "service-changed.ts homes.markStale",
    ]
  `);
  expect(calls.filter(({ writes, fenced }) => fenced && !writes)).toEqual([]);
});
