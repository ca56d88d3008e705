/** Compares cards with what they should be: read from Slack a page at a time, drawn from the rows, redrawn where they differ. */
import type { WebClient } from '@slack/web-api';
import * as reconciling from '../../../db/registration/card-drift.ts';
import * as cards from '../../../db/registration/cards.ts';
import type { Deps } from '../../../deps.ts';
import { slackErrorCode } from '../../../slack/errors.ts';
import { requestCard } from '../../../views/registration/card.ts';
import { fingerprint } from '../../../views/registration/card-fingerprint.ts';

type Standing = reconciling.DrawnCard;

/** How many cards are compared at a time, and how many pages of history are read for it: of 50 calls a minute, few. */
const cardsAtMost = 60;
const pagesAtMost = 15;
/** How many messages a page has; Slack recommends no more than 200. */
const pageSize = 200;

/** What stands in Slack in the place of a card: its blocks; null where there is nothing; undefined where it cannot be read. */
type Found = { card: Standing; blocks: unknown[] | null | undefined };

export async function compareCards(deps: Deps): Promise<{ looked: number; redrawn: number }> {
  const { db, poster } = deps;
  const standing = await reconciling.claimForComparison(db, cardsAtMost);
  const looked: number[] = [];
  const fine: number[] = [];
  let redrawn = 0;
  let pages = pagesAtMost;
  for (const [channel, some] of Map.groupBy(standing, (one) => one.channel)) {
    // Slack tells the newest first.
    let left = some.toSorted((one, other) => Number(other.ts) - Number(one.ts));
    while (left.length > 0 && pages > 0) {
      pages -= 1;
      const found = await readPage(poster, channel, left);
      for (const one of found) {
        const difference = await differs(deps, one);
        if (difference === undefined) fine.push(one.card.id);
        else if (await reconciling.enqueueUpdate(db, one.card, difference)) redrawn += 1;
        looked.push(one.card.id);
      }
      left = left.slice(found.length);
    }
  }
  await reconciling.clearDrift(db, fine);
  await reconciling.markCompared(db, looked);
  return { looked: looked.length, redrawn };
}

/** Reads one page of a channel, from the first of these cards back in time: what it says of the first so many of them. */
async function readPage(client: WebClient, channel: string, [first, ...rest]: Standing[]): Promise<Found[]> {
  if (!first) return [];
  const all = [first, ...rest];
  const range = { latest: first.ts, oldest: all.at(-1)?.ts ?? first.ts, inclusive: true };
  try {
    const page = await client.conversations.history({ channel, limit: pageSize, ...range });
    const messages = new Map((page.messages ?? []).map(({ ts, blocks }) => [ts, blocks ?? []]));
    const oldest = page.has_more ? Math.min(...[...messages.keys()].map(Number)) : 0;
    const read = all.filter((one) => Number(one.ts) >= oldest);
    return read.map((one) => ({ card: one, blocks: messages.get(one.ts) ?? null }));
  } catch (error) {
    if (!slackErrorCode(error)) throw error;
    // A channel that cannot be read is told of where something has to be posted to it; its cards wait for their next turn.
    return all.map((one) => ({ card: one, blocks: undefined }));
  }
}

/** What is different, in short; null where nothing stands, undefined where all is well or has changed meanwhile. */
async function differs(
  { db, config }: Deps,
  { card: { id, drawing }, blocks }: Found,
): Promise<string | null | undefined> {
  const found = await cards.find(db, id, config.policy);
  if (found?.drawing !== drawing || blocks === undefined) return undefined;
  if (blocks === null) return null;
  const [should, is] = [fingerprint(requestCard(found.registration).blocks), fingerprint(blocks)];
  return should === is ? undefined : `${should}\n${is}`;
}
