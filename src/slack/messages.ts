/**
 * Posting once. Slack has no idempotency key, so each message carries a mark in its metadata; an attempt that follows one
 * whose end is unknown looks for the mark in the channel first, and adopts the message that bears it.
 */
import { WebAPIRateLimitedError, type WebClient } from '@slack/web-api';
import type { Db } from '../db/db.ts';
import * as turns from '../db/outbox/channel-pacing.ts';
import type { Attempt } from '../db/outbox/types.ts';
import type { Message } from '../views/message.ts';
import { slackErrorCode } from './errors.ts';

/** What a message is about, as metadata: the same for every attempt to post it. */
export type MessageMarker = { event_type: string; event_payload: Record<string, number | string> };

/** How far Slack's clock and ours may differ, in seconds. */
const skew = 300;

/** The channel takes no more for now: nothing was posted, and this is the message's turn. */
export class ChannelThrottled extends Error {
  readonly turn: turns.Turn;
  constructor(turn: turns.Turn) {
    super(`the channel takes the message in ${turn.seconds} s`);
    this.turn = turn;
  }
}

export type PostContext = { db: Db; poster: WebClient; attempt: Attempt };

/**
 * Posts a message, or throws `NotYet` where the channel takes no more for now. Links in it are not unfolded, and names in
 * it do not become mentions.
 */
export async function post(
  { db, poster, attempt }: PostContext,
  channel: string,
  message: Message,
  metadata: MessageMarker,
) {
  const turn = await turns.take(db, channel, attempt.turn);
  if (turn) throw new ChannelThrottled(turn);
  const posted = await poster.chat
    .postMessage({
      channel,
      ...message,
      metadata,
      parse: 'none',
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
    })
    .catch(async (error) => {
      if (!(error instanceof WebAPIRateLimitedError)) return refuse(error, channel);
      throw new ChannelThrottled(await turns.close(db, channel, error.retryAfter));
    });
  if (!posted.ts || !posted.channel) throw new Error('Slack accepted a message without saying where it is');
  return { channel: posted.channel, ts: posted.ts };
}

/** Redraws a message in its place. False where it is not there any more: then it is posted anew. */
export async function update(client: WebClient, { channel, ts }: { channel: string; ts: string }, message: Message) {
  try {
    // Slack's default here is to find mentions in the text by itself.
    await client.chat.update({ channel, ts, ...message, parse: 'none', link_names: false });
    return true;
  } catch (error) {
    if (slackErrorCode(error) === 'message_not_found') return false;
    return refuse(error, channel);
  }
}

/** Throws it on, with the channel that Slack did not take it in. */
function refuse(error: unknown, refusedIn: string): never {
  throw error instanceof Error ? Object.assign(error, { refusedIn }) : error;
}

/** Slack's words for a channel that nothing can be posted to until somebody mends it. */
export const channelErrors = ['channel_not_found', 'not_in_channel', 'is_archived', 'is_inactive', 'restricted_action'];

/** Slack's words for somebody who is not there any more. */
export const userGoneErrors = ['user_not_found', 'user_disabled', 'cannot_dm_bot'];

/** The channel, or the person, that a message was not taken for. */
export const failedChannel = (error: unknown): string | undefined =>
  error instanceof Error && 'refusedIn' in error ? String(error.refusedIn) : undefined;

/** Slack's words for a message that is not there to be changed: gone, or not the bot's any more. */
const beyondUs = ['message_not_found', 'cant_update_message', 'edit_window_closed'];

/** Takes a message away. Where Slack does not allow that, such as where messages must be kept, `instead` stands there. */
export async function deleteOrReplace(client: WebClient, place: { channel: string; ts: string }, instead: Message) {
  try {
    await client.chat.delete(place);
  } catch (error) {
    const word = slackErrorCode(error);
    if (word === 'message_not_found') return;
    if (!word) throw error;
    await update(client, place, instead).catch((refused) => {
      if (!beyondUs.includes(slackErrorCode(refused) ?? '')) throw refused;
    });
  }
}

/** Where the bot may not read a channel nobody can look; then a message twice is better than none. */
const cannotLook = ['missing_scope', 'unknown_method', 'not_in_channel', 'channel_not_found'];

/** The channel of the direct messages with somebody; undefined where the bot may not ask for it. */
export async function directChannel(client: WebClient, user: string): Promise<string | undefined> {
  try {
    return (await client.conversations.open({ users: user })).channel?.id;
  } catch (error) {
    if (cannotLook.includes(slackErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** Finds a message by its mark among those posted since a moment; undefined where there is none. */
export async function findPosted(
  client: WebClient,
  channel: string,
  mark: MessageMarker,
  since: Date,
): Promise<string | undefined> {
  const oldest = String(Math.floor(since.getTime() / 1000) - skew);
  const query = { channel, oldest, limit: 200, include_all_metadata: true };
  try {
    let cursor: string | undefined;
    do {
      const page = await client.conversations.history({ ...query, ...(cursor ? { cursor } : {}) });
      const found = page.messages?.find(({ metadata }) => metadata !== undefined && bears(metadata, mark));
      if (found?.ts) return found.ts;
      cursor = page.response_metadata?.next_cursor;
    } while (cursor);
  } catch (error) {
    if (!cannotLook.includes(slackErrorCode(error) ?? '')) throw error;
  }
  return undefined;
}

function bears(metadata: { event_type?: string; event_payload?: object }, mark: MessageMarker): boolean {
  const payload = new Map<string, unknown>(Object.entries(metadata.event_payload ?? {}));
  return (
    metadata.event_type === mark.event_type &&
    Object.entries(mark.event_payload).every(([key, value]) => payload.get(key) === value)
  );
}

/**
 * The address of a message in the workspace at `url`, made without asking Slack, who takes a few hundred questions a minute:
 * a tick links to more cards than that. The form is the one of chat.getPermalink.
 */
export const permalinkFor = (url: string, { channel, ts }: { channel: string; ts: string }): string =>
  new URL(`archives/${channel}/p${ts.replace('.', '')}`, url).href;

/** The address of a message, for people; undefined where it is not there any more. */
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
