/** Compares cards in Slack with their registrations, and enqueues updates of those that differ. */
import { WebAPIRateLimitedError, type WebClient } from '@slack/web-api';
import * as cardDrift from '../../../db/registration/card-drift.ts';
import * as cards from '../../../db/registration/cards.ts';
import type { Deps } from '../../../deps.ts';
import { slackErrorCode } from '../../../slack/errors.ts';
import { fingerprint } from '../../../views/registration/card-fingerprint.ts';
import { renderCard } from '../../shared/render-card.ts';

/** How many cards are compared at a time, and how many pages of history are read for it: few of 50 calls a minute. */
const maxCards = 60;
const maxPages = 15;
/** Messages on a page; Slack recommends at most 200 (https://docs.slack.dev/reference/methods/conversations.history). */
const pageSize = 200;

/** A card and its blocks in Slack: null where the message is missing, undefined where the channel cannot be read. */
type ComparedCard = { card: cardDrift.RenderedCard; blocks: unknown[] | null | undefined };

/**
 * Compares a batch of cards. What a page has shown is recorded before the next is read, so that a rate limit ends a run and
 * not what it has done: the next one goes on with other cards. Returns how many were compared, and for how many an update
 * was enqueued.
 */
export async function compareCards(deps: Deps): Promise<{ compared: number; updated: number; limited: boolean }> {
  const { db, poster } = deps;
  const claimed = await cardDrift.claimForComparison(db, maxCards);
  const counts = { compared: 0, updated: 0, limited: false };
  let pages = maxPages;
  for (const [channel, some] of Map.groupBy(claimed, (one) => one.channel)) {
    // Those of a page were compared at the same moment. Slack returns the newest message first.
    const age = ({ comparedAt }: cardDrift.RenderedCard) => comparedAt?.getTime() ?? 0;
    let left = some.toSorted((one, other) => age(one) - age(other) || Number(other.ts) - Number(one.ts));
    while (left.length > 0 && pages > 0) {
      pages -= 1;
      const found = await readPage(poster, channel, left).catch((error) => {
        if (error instanceof WebAPIRateLimitedError) return undefined;
        throw error;
      });
      if (!found) return { ...counts, limited: true };
      counts.updated += await comparePage(deps, found);
      counts.compared += found.length;
      const seen = new Set(found.map(({ card }) => card));
      left = left.filter((one) => !seen.has(one));
    }
  }
  return counts;
}

/** Compares the cards of a page, and records it. Returns for how many an update was enqueued. */
async function comparePage(deps: Deps, page: ComparedCard[]): Promise<number> {
  const { db } = deps;
  const matching: number[] = [];
  let updated = 0;
  for (const one of page) {
    const difference = await findDifference(deps, one);
    if (difference === undefined) matching.push(one.card.id);
    else if (await cardDrift.enqueueUpdate(db, one.card, difference)) updated += 1;
  }
  await cardDrift.clearDrift(db, matching);
  await cardDrift.markCompared(
    db,
    page.map(({ card }) => card.id),
  );
  return updated;
}

/**
 * Reads a page of a channel's history, from the first of these cards, which was compared longest ago, down to the oldest.
 * Returns those of the cards that it covers.
 */
async function readPage(client: WebClient, channel: string, all: cardDrift.RenderedCard[]): Promise<ComparedCard[]> {
  const [first] = all;
  if (!first) return [];
  const below = all.filter(({ ts }) => Number(ts) <= Number(first.ts));
  const oldestCard = below.reduce((oldest, one) => (Number(one.ts) < Number(oldest.ts) ? one : oldest), first);
  const range = { latest: first.ts, oldest: oldestCard.ts, inclusive: true };
  try {
    const page = await client.conversations.history({ channel, limit: pageSize, ...range });
    const messages = new Map((page.messages ?? []).map(({ ts, blocks }) => [ts, blocks ?? []]));
    const oldest = page.has_more ? Math.min(...[...messages.keys()].map(Number)) : 0;
    const read = below.filter((one) => Number(one.ts) >= oldest);
    return read.map((one) => ({ card: one, blocks: messages.get(one.ts) ?? null }));
  } catch (error) {
    if (!slackErrorCode(error)) throw error;
    // When something is posted to a channel that cannot be read, an incident opens. Its cards are compared again later.
    return all.map((one) => ({ card: one, blocks: undefined }));
  }
}

/**
 * Finds the difference between a card and its registration, as text; null where the message is missing. Undefined where
 * there is none, or the registration has changed meanwhile, so that an update is on its way.
 */
async function findDifference(
  { db, config, directory }: Deps,
  { card: { id, shownVersion }, blocks }: ComparedCard,
): Promise<string | null | undefined> {
  const found = await cards.find(db, id, config.policy);
  if (found?.shownVersion !== shownVersion || blocks === undefined) return undefined;
  if (blocks === null) return null;
  const { blocks: rendered } = await renderCard(found.registration, { directory });
  const [expected, actual] = [fingerprint(rendered), fingerprint(blocks)];
  return expected === actual ? undefined : `${expected}\n${actual}`;
}
