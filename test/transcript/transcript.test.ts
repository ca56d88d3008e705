/**
 * The transcript: everything that a person can read, in one file, to be read aloud from top to bottom. The views render it
 * themselves; every text in src/views has to be in it; and with the longest names and reasons each payload is one that
 * Slack takes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HomeView, ModalView } from '@slack/types';
import { describe, expect, it } from 'vitest';
import { checkBlocks, checkOffer, checkView } from '../local-slack/blocks/check.ts';
import { known } from '../local-slack/blocks/placed.ts';
import { values } from '../local-slack/blocks/values.ts';
import type { Message, View } from '../local-slack/model.ts';
import { seed } from '../local-slack/seed.ts';
import { readMrkdwn } from '../local-slack/text/mrkdwn.ts';
import { readable } from '../local-slack/transcript.ts';
import { kinds } from '../support/view-kinds.ts';
import { longest, now, usual } from './facts.ts';
import { type Shown, scenes } from './scenes.ts';
import { textsIn } from './texts.ts';

const { members, groups, channels } = seed();
const byId = <T extends { id: string }>(all: T[]) => new Map(all.map((one) => [one.id, one]));
const names = { members: byId(members), groups: byId(groups), channels: byId(channels), now: () => now.getTime() };

/** Renders what is shown as its reader sees it. */
function read(shown: Shown): string {
  if (typeof shown === 'string') return readMrkdwn(names, shown);
  if ('html' in shown && 'text' in shown && 'subject' in shown) return `Subject: ${shown.subject}\n\n${shown.text}`;
  if ('options' in shown && Array.isArray(shown.options))
    return shown.options
      .map(({ text, description }) => [text.text, description?.text].filter(Boolean).join(' — '))
      .join('\n');
  return [readable(names, shownTo(shown)), ...confirmations(shown)].join('\n');
}

/** Completes what a view renders to what Slack keeps of it. */
function shownTo(shown: object): Message | View {
  const { blocks } = shown as Pick<Message, 'blocks'>;
  if (!('type' in shown)) return { channel: '', ts: '', user: '', text: '', ...shown, blocks };
  const kept = { id: '', hash: '', root_view_id: '', previous_view_id: null, errors: {} };
  return { ...kept, ...(shown as ModalView | HomeView), state: { values: values(known(blocks)) } };
}

/** What the confirmations ask before a button or a menu acts, each once. */
function confirmations(shown: object): string[] {
  const found = new Set<string>();
  JSON.stringify(shown, (key, value) => {
    if (key === 'confirm' && 'title' in value)
      found.add(`  ? ${value.title.text} ${value.text.text} [${value.deny.text}] [${value.confirm.text}]`);
    return value;
  });
  return [...found];
}

it('reads like one voice', async () => {
  const told = scenes(usual).map(([title, shown]) => `=== ${title}\n${read(shown)}\n`);
  await expect(told.join('\n')).toMatchFileSnapshot('transcript.txt');
});

it('is written with curly quotes, one space after a sentence, and emoji that Slack has', () => {
  const said = scenes(usual)
    .map(([, shown]) => read(shown))
    .join('\n');
  expect(said.match(/.*\w'\w.*/g) ?? []).toEqual([]);
  expect(said.match(/.*[.!?] {2}[A-Z].*/g) ?? []).toEqual([]);
  const emoji = new Set(said.match(/:[a-z][a-z_0-9]+:/g) ?? []);
  expect([...emoji].sort()).toMatchInlineSnapshot(`
    [
      ":arrow_right:",
      ":ballot_box_with_check:",
      ":bell:",
      ":hourglass:",
      ":hourglass_flowing_sand:",
      ":information_source:",
      ":key:",
      ":leftwards_arrow_with_hook:",
      ":lock:",
      ":mag:",
      ":memo:",
      ":no_bell:",
      ":no_entry:",
      ":no_entry_sign:",
      ":pencil2:",
      ":rotating_light:",
      ":unlock:",
      ":warning:",
      ":wastebasket:",
      ":wave:",
      ":white_check_mark:",
      ":zzz:",
    ]
  `);
});

describe('every text in src/views is in it', () => {
  const payloads: string[] = [];
  for (const [, shown] of scenes(usual)) {
    if (typeof shown === 'string') payloads.push(shown);
    JSON.stringify(shown, (_, value) => {
      if (typeof value === 'string') payloads.push(value);
      return value;
    });
  }
  const said = payloads.join('\n').replace(/\s+/g, ' ');
  const folder = join(import.meta.dirname, '../../src/views');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

  it.each(files)('%s', (name) => {
    const texts = textsIn(readFileSync(join(folder, name), 'utf8'));
    expect(texts.filter((text) => !said.includes(text) && !unread.has(text))).toEqual([]);
  });
});

/** The texts of all blocks of a message together: beyond it Slack answers msg_blocks_too_long, which its documents do not say. */
const allBlocksTogether = 13_200;

function lengthOfTexts(blocks: unknown): number {
  let length = 0;
  JSON.stringify(blocks, (key, value) => {
    if (key === 'text' && typeof value === 'string') length += value.length;
    return value;
  });
  return length;
}

/** Texts that no person reads. */
const unread = new Set([
  // The error of a schema, for a forged menu choice.
  'made up',
  // Of an event that is never titled: an edit is no decision.
  'reason edited',
]);

it('has a scene of each kind of message and view, which is measured below', () => {
  const folder = join(import.meta.dirname, 'scenes');
  const written = readdirSync(folder).map((name) =>
    readFileSync(join(folder, name), 'utf8').replace(/^import[^;]*;/gm, ''),
  );
  const shown = new Set(written.join('\n').match(/\w+/g));
  expect(kinds().length).toBeGreaterThan(50);
  expect(kinds().filter((kind) => !shown.has(kind.replace(/.*\./, '')))).toEqual([]);
});

describe('with the longest names and reasons Slack takes', () => {
  it.each(scenes(longest))('%s', (_, shown) => {
    if (typeof shown === 'string' || 'html' in shown) return;
    const { blocks, type } = shown as { blocks?: unknown; type?: 'modal' | 'home' };
    const message = () => checkBlocks(blocks, 'message');
    const checked = 'options' in shown ? checkOffer(shown) : type ? checkView(shown, type) : message();
    expect(checked.ok ? [] : checked.problems).toEqual([]);
    expect(JSON.stringify(shown).length).toBeLessThan(250_000);
    if (!type) expect(lengthOfTexts(blocks)).toBeLessThan(allBlocksTogether);
  });
});
