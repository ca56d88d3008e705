/**
 * Posts, updates and finds messages. Slack has no idempotency key, so each message carries a marker in its metadata. After
 * an attempt whose outcome is unknown, the next one looks for the marker in the channel, and adopts the message that has it.
 */
import { WebAPIRateLimitedError, type WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Db } from '../db/db.ts';
import * as pacing from '../db/outbox/channel-pacing.ts';
import { lookAgainAfter } from '../db/outbox/outcomes.ts';
import { saveProgress } from '../db/outbox/store.ts';
import type { Attempt, Job } from '../db/outbox/types.ts';
import * as workspace from '../db/workspace.ts';
import type { CopiesEffect } from '../domain/effects.ts';
import type { MessageLocation, MessageMarker } from '../domain/reference.ts';
import type { Message } from '../views/message.ts';
import { isRefusal, slackErrorCode } from './errors.ts';
import { type FoundMessage, searchHistory, searchThread, type Window } from './history-search.ts';

/** How far Slack's clock and ours may differ, in seconds. */
const clockSkew = 300;

/** How long after an attempt has ended Slack may still store its message, in seconds. */
const storedWithin = 60;

/** The channel is throttled: nothing was posted, and this is the message's slot. */
export class ChannelThrottled extends Error {
  readonly slot: pacing.Slot;
  constructor(slot: pacing.Slot) {
    super(`the channel is throttled, the message can be posted in ${slot.seconds} s`);
    this.slot = slot;
  }
}

export type PostContext = { db: Db; poster: WebClient; attempt: Attempt };

/** A message that is posted once. `since`: it cannot have been posted before. `thread`: the message that it replies to. */
export type Posting = {
  to: string;
  thread?: string;
  marker: MessageMarker;
  since: Date;
  /** Whose request it is about: in a channel that is slow, requesters take turns. */
  requester?: string;
};

/**
 * Posts a message once: one that an earlier attempt may have posted is looked for first, and adopted. Throws
 * `ChannelThrottled` where the channel takes no more for now.
 */
export async function postOnce(
  context: PostContext,
  posting: Posting,
  write: () => Message | Promise<Message>,
): Promise<MessageLocation> {
  return (await findEarlier(context, posting)) ?? post(context, posting, await write());
}

/** Finds what an earlier attempt may have posted; undefined also where there was none, and Slack need not be asked. */
export async function findEarlier(context: PostContext, posting: Posting): Promise<MessageLocation | undefined> {
  const { attempt } = context;
  return attempt.job.unsure || isForgotten(attempt, posting.since) ? findPosted(context, posting) : undefined;
}

/** Tells whether what is about a moment may have been posted without the database's knowing, which was restored since then. */
export const isForgotten = ({ restoredAt }: Pick<Attempt, 'restoredAt'>, moment: Date): boolean =>
  restoredAt !== undefined && moment < restoredAt;

/**
 * Posts a message, without unfurling links or turning names into mentions. Throws `ChannelThrottled` where the channel
 * takes no more for now, and Slack's own error, with the channel, where it refuses the message.
 */
export async function post(
  { db, poster, attempt }: PostContext,
  posting: Posting,
  message: Message,
): Promise<MessageLocation> {
  const { to: channel, thread, marker: metadata } = posting;
  const waiting = { job: attempt.job, requester: posting.requester };
  const slot = await pacing.reserve(db, channel, waiting);
  if (slot) throw new ChannelThrottled(slot);
  // A worker that has the lease now may be posting the same message.
  attempt.signal.throwIfAborted();
  const posted = await poster.chat
    .postMessage({
      channel,
      ...message,
      metadata,
      ...(thread ? { thread_ts: thread } : {}),
      parse: 'none',
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
    })
    .catch(async (error) => {
      if (!(error instanceof WebAPIRateLimitedError)) return rethrow(error, channel);
      throw new ChannelThrottled(await pacing.pause(db, channel, error.retryAfter, waiting));
    });
  if (!posted.ts || !posted.channel) throw new Error('chat.postMessage returned no channel or ts');
  lookAgain(attempt, posting, posted.channel, posted.ts);
  return { channel: posted.channel, ts: posted.ts };
}

/** Updates a message in place. Returns false where it no longer exists. */
export async function update(
  { poster, attempt }: Pick<PostContext, 'poster' | 'attempt'>,
  { channel, ts }: MessageLocation,
  message: Message,
): Promise<boolean> {
  // What a worker that has the lease now shows is newer.
  attempt.signal.throwIfAborted();
  try {
    // By default, chat.update turns names in the text into mentions.
    await poster.chat.update({ channel, ts, ...message, parse: 'none', link_names: false });
    return true;
  } catch (error) {
    if (notUpdatableErrors.includes(slackErrorCode(error) ?? '')) return false;
    return rethrow(error, channel);
  }
}

/** Rethrows an error with the channel that it happened in. */
function rethrow(error: unknown, failedChannel: string): never {
  throw error instanceof Error ? Object.assign(error, { failedChannel }) : error;
}

/** Codes for a channel that cannot be posted to until a human resolves it. */
export const channelErrors = ['channel_not_found', 'not_in_channel', 'is_archived', 'is_inactive', 'restricted_action'];

/** Codes for a user who can no longer be messaged. */
export const userGoneErrors = ['user_not_found', 'user_disabled', 'cannot_dm_bot'];

/** Returns the channel, or the user, that a message could not be posted to. */
export const failedChannel = (error: unknown): string | undefined =>
  error instanceof Error && 'failedChannel' in error ? String(error.failedChannel) : undefined;

/** Codes for a message that can no longer be updated. */
const notUpdatableErrors = ['message_not_found', 'cant_update_message', 'edit_window_closed'];

/**
 * Deletes a message, or updates it to `replacement` where Slack does not allow deletion, such as under a retention policy.
 * One that is already gone is no error.
 */
export async function deleteOrReplace(
  context: Pick<PostContext, 'poster' | 'attempt'>,
  location: MessageLocation,
  replacement: Message,
): Promise<void> {
  try {
    await context.poster.chat.delete(location);
  } catch (error) {
    const code = slackErrorCode(error);
    if (code === 'message_not_found') return;
    if (!code) throw error;
    await update(context, location, replacement).catch((refused) => {
      if (!notUpdatableErrors.includes(slackErrorCode(refused) ?? '')) throw refused;
    });
  }
}

/** Codes for a channel that the bot cannot read. The marker is not looked for: a message twice is better than none. */
const unreadableErrors = ['missing_scope', 'unknown_method', 'not_in_channel', 'channel_not_found', 'thread_not_found'];

/** Returns the channel that a message to a channel or a person is posted in; undefined where the bot may not ask for it. */
async function channelOf(client: WebClient, to: string): Promise<string | undefined> {
  if (/^[CGD]/.test(to)) return to;
  try {
    return (await client.conversations.open({ users: to })).channel?.id;
  } catch (error) {
    if (unreadableErrors.includes(slackErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/**
 * Finds a message of ours by its marker; undefined where there is none. It looks from the moment when it can have been
 * posted first to the end of the last attempt whose outcome is unknown. How far it came is saved with the job: after a rate
 * limit the next attempt goes on from there, and after a search to the end only what is newer is looked at.
 */
export async function findPosted(
  { db, poster, attempt }: PostContext,
  posting: Posting,
): Promise<MessageLocation | undefined> {
  const { to, thread, marker, since } = posting;
  const saved = readProgress(attempt.job.progress, to, marker);
  const { from, until } = searchedSpan(attempt.job, since);
  const window = { above: Math.max(from, saved?.above ?? 0), below: saved?.below ?? until };
  const matches = await matcherOf(db, marker);
  const onProgress = (left: Window) => {
    const progress = JSON.stringify({
      to,
      of: marker.event_type,
      // At its end: whatever is posted from here on is newer than the attempts before it.
      ...(left.below > left.above
        ? left
        : { above: Number.isFinite(until) ? until - 2 * clockSkew - storedWithin : from }),
    });
    return attempt.write((fenced) => saveProgress(fenced, attempt.job, progress));
  };
  try {
    const channel = await channelOf(poster, to);
    if (!channel) return undefined;
    const [found] = thread
      ? await searchThread(poster, channel, thread, { oldest: from, matches })
      : await searchHistory(poster, channel, { key: JSON.stringify(marker), window, matches, onProgress });
    lookAgain(attempt, posting, channel, found?.ts);
    return found?.ts ? { channel, ts: found.ts } : undefined;
  } catch (error) {
    if (!unreadableErrors.includes(slackErrorCode(error) ?? '')) throw error;
  }
  return undefined;
}

/**
 * Finds every message that bears a marker. Throws where Slack does not say; none where the channel cannot be read. Nothing of
 * it is saved: what one replica has found, another would miss.
 */
export async function findAll(
  { db, poster }: Pick<PostContext, 'db' | 'poster'>,
  { channel, thread, marker, above, below }: Omit<CopiesEffect, 'kind' | 'of' | 'to' | 'posted'>,
): Promise<string[]> {
  const matches = await matcherOf(db, marker);
  const window = { above, below: below ?? Number.POSITIVE_INFINITY };
  try {
    const found = thread
      ? await searchThread(poster, channel, thread, { oldest: above, matches })
      : await searchHistory(poster, channel, { key: `all ${JSON.stringify(marker)}`, window, matches, all: true });
    return found.flatMap(({ ts }) => ts ?? []);
  } catch (error) {
    if (!unreadableErrors.includes(slackErrorCode(error) ?? '')) throw error;
  }
  return [];
}

/**
 * Has Slack asked some time later for copies of a message that an earlier attempt may have posted: a Slack that is slow may
 * store it after this attempt has looked for it.
 */
function lookAgain(attempt: Attempt, { to, thread, marker, since }: Posting, channel: string, ts?: string): void {
  const { job, copies } = attempt;
  if (!job.unsure) return;
  const { from, until } = searchedSpan(attempt.job, since);
  const below = Number.isFinite(until) ? until + lookAgainAfter : null;
  // Of one message, the last word counts.
  copies.set(JSON.stringify([channel, marker]), {
    kind: 'copies',
    of: job.lane,
    to,
    channel,
    ...(thread ? { thread } : {}),
    marker,
    posted: ts ?? null,
    above: from,
    below,
  });
}

/** Returns when a message can have been posted, in Slack's seconds. The process's own clock has no say in it. */
function searchedSpan({ enqueuedAt, unsureUntil }: Job, since: Date): { from: number; until: number } {
  // `since` may be of a replica whose clock is ahead.
  const from = Math.min(since.getTime(), enqueuedAt.getTime()) / 1000 - clockSkew;
  const until =
    unsureUntil === null ? Number.POSITIVE_INFINITY : unsureUntil.getTime() / 1000 + storedWithin + clockSkew;
  return { from, until };
}

const progressSchema = z.object({
  to: z.string(),
  of: z.string(),
  above: z.number(),
  below: z.number().optional(),
});

/** Returns what tells whether a message bears a marker, and is of this app: every app can write the same metadata. */
async function matcherOf(db: Db, marker: MessageMarker): Promise<(message: FoundMessage) => boolean> {
  const own = (await workspace.find(db))?.appId ?? undefined;
  return ({ app_id: app, metadata }) =>
    metadata !== undefined && hasMarker(metadata, marker) && (own === undefined || app === undefined || app === own);
}

function hasMarker(metadata: { event_type?: string; event_payload?: object }, marker: MessageMarker): boolean {
  const payload = new Map<string, unknown>(Object.entries(metadata.event_payload ?? {}));
  return (
    metadata.event_type === marker.event_type &&
    Object.entries(marker.event_payload).every(
      // Without a public id it was posted by a version that had none.
      ([key, value]) => payload.get(key) === value || (key === 'public_id' && !payload.has(key)),
    )
  );
}

/** Reads how far a search for these messages came; undefined for another's, and for what earlier versions saved. */
function readProgress(text: string | null, to: string, { event_type }: MessageMarker) {
  if (!text?.startsWith('{')) return undefined;
  const { data } = progressSchema.safeParse(JSON.parse(text));
  return data?.to === to && data.of === event_type ? data : undefined;
}

/**
 * Builds the address of a message in the workspace at `url`, in the form that chat.getPermalink returns. A tick links to
 * more cards than Slack would take calls for in a minute.
 */
export const permalinkFor = (url: string, { channel, ts }: { channel: string; ts: string }): string =>
  new URL(`archives/${channel}/p${ts.replace('.', '')}`, url).href;

/** Looks up the address of a message; undefined where the message no longer exists. */
export async function fetchPermalink(
  client: WebClient,
  channel: string,
  message_ts: string,
): Promise<string | undefined> {
  try {
    return (await client.chat.getPermalink({ channel, message_ts })).permalink;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}
