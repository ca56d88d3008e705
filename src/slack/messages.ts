/**
 * Posts, updates and finds messages. Slack has no idempotency key, so each message carries a marker in its metadata. After
 * an attempt whose outcome is unknown, the next one looks for the marker in the channel, and adopts the message that has it.
 */
import {
  type ConversationsHistoryResponse,
  type ConversationsRepliesResponse,
  WebAPIRateLimitedError,
  type WebClient,
} from '@slack/web-api';
import type { Db } from '../db/db.ts';
import * as pacing from '../db/outbox/channel-pacing.ts';
import type { Attempt } from '../db/outbox/types.ts';
import type { Message } from '../views/message.ts';
import { slackErrorCode } from './errors.ts';

/**
 * Message metadata that is the same for every attempt to post a message, and for no other message. Numbers start over in
 * another database: `public_id` tells what is named apart from what has its number there.
 */
export type MessageMarker = { event_type: string; event_payload: Record<string, number | string> };

/** How far Slack's clock and ours may differ, in seconds. */
const clockSkew = 300;

/** The channel is throttled: nothing was posted, and this is the message's slot. */
export class ChannelThrottled extends Error {
  readonly slot: pacing.Slot;
  constructor(slot: pacing.Slot) {
    super(`the channel is throttled, the message can be posted in ${slot.seconds} s`);
    this.slot = slot;
  }
}

export type PostContext = { db: Db; poster: WebClient; attempt: Attempt };

export type MessageLocation = { channel: string; ts: string };

/** A message that is posted once. `since`: it cannot have been posted before. `thread`: the message that it replies to. */
export type Posting = { to: string; thread?: string; marker: MessageMarker; since: Date };

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
  return context.attempt.isFirst ? undefined : findPosted(context, posting);
}

/**
 * Posts a message, without unfurling links or turning names into mentions. Throws `ChannelThrottled` where the channel
 * takes no more for now, and Slack's own error, with the channel, where it refuses the message.
 */
export async function post(
  { db, poster, attempt }: PostContext,
  { to: channel, thread, marker: metadata }: Pick<Posting, 'to' | 'thread' | 'marker'>,
  message: Message,
): Promise<MessageLocation> {
  const slot = await pacing.reserve(db, channel, attempt.slot);
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
      throw new ChannelThrottled(await pacing.pause(db, channel, error.retryAfter));
    });
  if (!posted.ts || !posted.channel) throw new Error('chat.postMessage returned no channel or ts');
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

/** The channel that a message to a channel or a person is posted in; undefined where the bot may not ask for it. */
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
 * Finds a message by its marker among those posted since a moment, newest first; undefined where there is none. How far it
 * came is saved with the job, so that the attempt after a rate limit goes on from there.
 */
export async function findPosted(
  { poster, attempt }: Pick<PostContext, 'poster' | 'attempt'>,
  { to, thread, marker, since }: Posting,
): Promise<MessageLocation | undefined> {
  const search = `${to} ${marker.event_type} `;
  const oldest = String(Math.floor(since.getTime() / 1000) - clockSkew);
  try {
    const channel = await channelOf(poster, to);
    if (!channel) return undefined;
    const query = { channel, oldest, limit: 200, include_all_metadata: true };
    const saved = attempt.progress?.startsWith(search) ? attempt.progress.slice(search.length) : undefined;
    let cursor = saved;
    do {
      const page = await readMessages(poster, { ...query, ...(cursor ? { cursor } : {}) }, thread);
      const found = page.messages?.find(({ metadata }) => metadata !== undefined && hasMarker(metadata, marker));
      if (found?.ts) return { channel, ts: found.ts };
      const next = page.response_metadata?.next_cursor;
      // At the end it is forgotten: what is posted from here on is newer than all of it.
      if (cursor || next) await attempt.saveProgress(next ? search + next : '');
      cursor = next;
    } while (cursor);
  } catch (error) {
    if (slackErrorCode(error) === 'invalid_cursor') await attempt.saveProgress('');
    if (!unreadableErrors.includes(slackErrorCode(error) ?? '')) throw error;
  }
  return undefined;
}

/** Reads a page of a channel, or of the thread of a message. */
const readMessages = (
  client: WebClient,
  query: { channel: string; oldest: string; limit: number; include_all_metadata: boolean; cursor?: string },
  thread: string | undefined,
): Promise<ConversationsHistoryResponse | ConversationsRepliesResponse> =>
  thread ? client.conversations.replies({ ...query, ts: thread }) : client.conversations.history(query);

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
    if (slackErrorCode(error)) return undefined;
    throw error;
  }
}
