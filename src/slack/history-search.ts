/**
 * Searches of channels' histories. Slack may allow one call a minute and 15 messages each, so a page serves all searches of
 * its channel: also those that a rate limit has sent back into the outbox, which find here what was read meanwhile.
 */
import { type ConversationsRepliesResponse, WebAPIRateLimitedError, type WebClient } from '@slack/web-api';

/** A message, as far as a search looks at it. */
export type FoundMessage = {
  ts?: string;
  app_id?: string;
  metadata?: { event_type?: string; event_payload?: object };
};

/** A history is rate limited for so many seconds. All of its searches continue at the same moment: they share a page. */
export class HistoryThrottled extends Error {
  readonly seconds: number;
  constructor(seconds: number) {
    super(`the history is rate limited for ${seconds} s`);
    this.seconds = seconds;
  }
}

/** What is left to search: messages between these moments, in seconds, both excluded. */
export type Window = { above: number; below: number };

type Search = {
  window: Window;
  matches: (message: FoundMessage) => boolean;
  /** Whether it goes on when one is found. */
  all: boolean;
  found: FoundMessage[];
  /** When it was last asked for, in milliseconds of the process. */
  askedAt: number;
};

/** The searches of a channel, by what they look for, and the page that is being read. */
type Channel = { searches: Map<string, Search>; reading: Promise<void> | undefined };

/** Messages on a page; Slack recommends at most 200 (https://docs.slack.dev/reference/methods/conversations.history). */
const pageSize = 200;

/** When a search that is no longer asked for is forgotten, in milliseconds: another replica has its job, or it is a dead letter. */
const keptFor = 15 * 60_000;

const channelsOf = new WeakMap<WebClient, Map<string, Channel>>();

/**
 * Finds the newest message in a window, or `all` of them, newest first. `key` says what is looked for: after an error of
 * Slack's, the same search goes on from where it was, or from where pages that others read have brought it. `onProgress`
 * hears after each page what is left.
 */
export async function searchHistory(
  client: WebClient,
  id: string,
  {
    key,
    window,
    matches,
    all = false,
    onProgress = async () => {},
  }: Pick<Search, 'window' | 'matches'> & {
    key: string;
    all?: boolean;
    onProgress?: (left: Window) => Promise<void>;
  },
): Promise<FoundMessage[]> {
  const channel = channelOf(client, id);
  const before = channel.searches.get(key);
  const search: Search = before ?? { window: { ...window }, matches, all, found: [], askedAt: 0 };
  search.askedAt = performance.now();
  channel.searches.set(key, search);
  while (!isOver(search)) {
    const left = search.window.below;
    channel.reading ??= readPage(client, id, channel, search.window).finally(() => {
      channel.reading = undefined;
    });
    await channel.reading;
    if (search.window.below < left && search.found.length === 0) await onProgress({ ...search.window });
  }
  channel.searches.delete(key);
  return search.found;
}

const isOver = ({ window, all, found }: Search): boolean => window.below <= window.above || (!all && found.length > 0);

function channelOf(client: WebClient, id: string): Channel {
  const channels = channelsOf.get(client) ?? new Map<string, Channel>();
  channelsOf.set(client, channels);
  const channel = channels.get(id) ?? { searches: new Map(), reading: undefined };
  channels.set(id, channel);
  for (const [key, { askedAt }] of channel.searches)
    if (askedAt < performance.now() - keptFor) channel.searches.delete(key);
  return channel;
}

/** Reads the newest page of what one search has left, and shows it to all. */
async function readPage(client: WebClient, id: string, { searches }: Channel, wanted: Window): Promise<void> {
  const { above, below } = wanted;
  // Only these were there before Slack was asked: what another is looking for may have been posted since.
  const asking = [...searches.values()];
  const page = await client.conversations
    .history({
      channel: id,
      oldest: stamp(above),
      ...(Number.isFinite(below) ? { latest: stamp(below) } : {}),
      limit: pageSize,
      include_all_metadata: true,
    })
    .catch(rethrow);
  const messages: FoundMessage[] = page.messages ?? [];
  // All of the channel from here up to `below` is on the page.
  const down = page.has_more ? Number(messages.at(-1)?.ts ?? above) : above;
  for (const search of asking) {
    const { window } = search;
    const continues = window.below <= below && window.below > down;
    const within = ({ ts }: FoundMessage) => Number(ts) > window.above && Number(ts) < window.below;
    // What is below this page, and not of it, another page shows again.
    if (continues || !search.all)
      search.found.push(...messages.filter((message) => within(message) && search.matches(message)));
    if (continues) window.below = Math.max(down, window.above);
  }
}

/** Finds messages in the thread of another, oldest first; threads are short. */
export async function searchThread(
  client: WebClient,
  channel: string,
  thread: string,
  { oldest, matches }: { oldest: number; matches: Search['matches'] },
): Promise<FoundMessage[]> {
  const found: FoundMessage[] = [];
  const query = { channel, ts: thread, oldest: stamp(oldest), limit: pageSize, include_all_metadata: true };
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page: ConversationsRepliesResponse = await client.conversations
      .replies({ ...query, ...(cursor ? { cursor } : {}) })
      .catch(rethrow);
    found.push(...(page.messages ?? []).filter(matches));
    cursor = page.response_metadata?.next_cursor || undefined;
  }
  return found;
}

/** Rethrows an error; a rate limit as `HistoryThrottled`. */
function rethrow(error: unknown): never {
  throw error instanceof WebAPIRateLimitedError ? new HistoryThrottled(error.retryAfter) : error;
}

/** Formats a moment as Slack writes it, with six digits behind the point. */
const stamp = (seconds: number): string => seconds.toFixed(6);
