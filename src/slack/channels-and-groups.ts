/** Looks up the channels and user groups that an admin can choose for a service. */
import type { WebClient } from '@slack/web-api';
import type { ChannelAudience } from '../domain/authorization.ts';
import { slackErrorCode } from './errors.ts';

/** Whether the bot can post in a channel, or why not. `unknown`: it does not exist, or is private and the bot is not in it. */
export type ChannelState = 'open' | 'archived' | 'not-a-member' | 'direct' | 'unknown';

/**
 * Looks up whether the bot can post in a channel, and who can join it. Rejects where Slack does not answer.
 */
export async function lookUpChannel(
  client: WebClient,
  id: string,
): Promise<{ state: ChannelState; audience: ChannelAudience }> {
  try {
    const { channel } = await client.conversations.info({ channel: id });
    const audience = audienceOf(channel);
    if (channel?.is_im || channel?.is_mpim) return { state: 'direct', audience };
    if (channel?.is_archived) return { state: 'archived', audience };
    return { state: channel?.is_member ? 'open' : 'not-a-member', audience };
  } catch (error) {
    if (slackErrorCode(error) === 'channel_not_found') return { state: 'unknown', audience: 'invited' };
    throw error;
  }
}

/** Classifies who can join a channel. A public channel is joined by itself; a shared one (Slack Connect) has two owners. */
export function audienceOf(
  channel: { is_private?: boolean; is_ext_shared?: boolean; is_pending_ext_shared?: boolean } | undefined,
): ChannelAudience {
  if (channel?.is_ext_shared || channel?.is_pending_ext_shared) return 'shared';
  return channel?.is_private === false ? 'anybody' : 'invited';
}

export type UserGroup = { id: string; handle: string; name: string };

/**
 * In milliseconds. Slack allows 20 lists a minute (https://docs.slack.dev/apis/web-api/rate-limits), and a picker needs one
 * at each key.
 */
const cacheTtl = 60_000;

/** Returns a function that lists the workspace's user groups by handle, from a cache. Failures are not cached. */
export function cachedUserGroups(client: WebClient, now: () => Date): () => Promise<UserGroup[]> {
  let cached: { at: number; groups: Promise<UserGroup[]> } | undefined;
  return () => {
    if (cached && now().getTime() - cached.at < cacheTtl) return cached.groups;
    const entry = { at: now().getTime(), groups: listGroups(client) };
    cached = entry;
    entry.groups.catch(() => {
      if (cached === entry) cached = undefined;
    });
    return entry.groups;
  };
}

async function listGroups(client: WebClient): Promise<UserGroup[]> {
  const { usergroups = [] } = await client.usergroups.list();
  const groups = usergroups.flatMap(({ id, handle = '', name = '' }) => (id ? [{ id, handle, name }] : []));
  return groups.sort((one, other) => one.handle.localeCompare(other.handle));
}
