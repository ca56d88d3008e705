/** What an admin chooses from for a service: channels and user groups, as Slack knows them. */
import type { WebClient } from '@slack/web-api';
import { slackErrorCode } from './errors.ts';

/** Whether the bot can post in a channel, or why not. `unknown`: not there, or private and without the bot. */
export type ChannelState = 'open' | 'archived' | 'not-a-member' | 'direct' | 'unknown';

export async function channelState(client: WebClient, id: string): Promise<ChannelState> {
  try {
    const { channel } = await client.conversations.info({ channel: id });
    if (channel?.is_im || channel?.is_mpim) return 'direct';
    if (channel?.is_archived) return 'archived';
    return channel?.is_member ? 'open' : 'not-a-member';
  } catch (error) {
    if (slackErrorCode(error) === 'channel_not_found') return 'unknown';
    throw error;
  }
}

export type UserGroup = { id: string; handle: string; name: string };

/** How long the list is kept, in milliseconds: groups may be listed 20 times a minute, and a picker asks at each key. */
const keptFor = 60_000;

/** Lists the user groups of the workspace, by handle. What failed is asked anew. */
export function cachedUserGroups(client: WebClient, now: () => Date): () => Promise<UserGroup[]> {
  let kept: { at: number; groups: Promise<UserGroup[]> } | undefined;
  return () => {
    if (kept && now().getTime() - kept.at < keptFor) return kept.groups;
    const entry = { at: now().getTime(), groups: listGroups(client) };
    kept = entry;
    entry.groups.catch(() => {
      if (kept === entry) kept = undefined;
    });
    return entry.groups;
  };
}

async function listGroups(client: WebClient): Promise<UserGroup[]> {
  const { usergroups = [] } = await client.usergroups.list();
  const groups = usergroups.flatMap(({ id, handle = '', name = '' }) => (id ? [{ id, handle, name }] : []));
  return groups.sort((one, other) => one.handle.localeCompare(other.handle));
}
