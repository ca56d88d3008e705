/** What happens around the bot: people come and go, open its Home, change groups. Each is an event to the bot. */
import { describedGroup, describedMember } from '../api/people.ts';
import type { WorkspaceContext } from '../context.ts';
import type { Payload } from '../delivery/envelope.ts';
import * as payloads from '../delivery/payloads.ts';
import type { Answer, Channel } from '../model.ts';
import { wired } from '../views.ts';
import { done, failed } from './failed.ts';

export async function tell(context: WorkspaceContext, event: Payload): Promise<Answer> {
  const receipt = await context.deliver(payloads.event(context, event));
  return receipt.ok ? done : failed(receipt.error);
}

export function openHome(context: WorkspaceContext, memberId: string): Promise<Answer> {
  const { state } = context;
  const home = state.homes.get(memberId);
  return tell(context, {
    type: 'app_home_opened',
    user: memberId,
    channel: state.imWith(memberId).id,
    tab: 'home',
    ...(home && { view: wired(state, home) }),
  });
}

/** The bot hears of the comings and goings where it is. */
async function moved(context: WorkspaceContext, type: string, memberId: string, channel: Channel): Promise<Answer> {
  context.state.changed();
  if (!channel.members.includes(context.state.app.botUser)) return done;
  const channelType = channel.kind === 'private' ? 'G' : 'C';
  const { id: team } = context.state.team;
  return tell(context, { type, user: memberId, channel: channel.id, channel_type: channelType, team });
}

export async function join(context: WorkspaceContext, memberId: string, channel: Channel): Promise<Answer> {
  if (channel.members.includes(memberId)) return done;
  channel.members.push(memberId);
  return moved(context, 'member_joined_channel', memberId, channel);
}

export async function leave(context: WorkspaceContext, memberId: string, channel: Channel): Promise<Answer> {
  if (!channel.members.includes(memberId)) return done;
  channel.members = channel.members.filter((id) => id !== memberId);
  return moved(context, 'member_left_channel', memberId, channel);
}

export function unarchive(context: WorkspaceContext, channel: Channel): Promise<Answer> {
  channel.archived = false;
  context.state.changed();
  const type = channel.kind === 'private' ? 'group_unarchive' : 'channel_unarchive';
  const [user = ''] = channel.members;
  return tell(context, { type, channel: channel.id, user });
}

/** Shares a private channel with another organization: Slack gives it a new id, and knows the old one no more. */
export async function changeId(context: WorkspaceContext, channel: Channel, id: string): Promise<Answer> {
  const { state } = context;
  const { id: old } = channel;
  state.channels.delete(old);
  state.channels.set(id, channel);
  Object.assign(channel, { id, shared: true });
  for (const message of state.messages) if (message.channel === old) message.channel = id;
  state.changed();
  if (!channel.members.includes(state.app.botUser)) return done;
  return tell(context, { type: 'channel_id_changed', old_channel_id: old, new_channel_id: id });
}

/** Slack takes deactivated people out of their channels, and hides them in user groups. */
export async function deactivate(context: WorkspaceContext, memberId: string): Promise<Answer> {
  const { state } = context;
  const member = state.member(memberId);
  member.deleted = true;
  for (const channel of state.channels.values()) {
    if (channel.kind !== 'im') channel.members = channel.members.filter((id) => id !== memberId);
  }
  state.modals.delete(memberId);
  state.changed();
  return tell(context, { type: 'user_change', user: describedMember(context, member), cache_ts: state.now() });
}

export async function setGroup(context: WorkspaceContext, groupId: string, users: string[]): Promise<Answer> {
  const { state } = context;
  const group = state.groups.get(groupId);
  if (!group) throw new Error(`there is no group ${groupId} in the workspace`);
  const added = users.filter((id) => !group.users.includes(id));
  const removed = group.users.filter((id) => !users.includes(id));
  group.users = users;
  state.changed();
  return tell(context, {
    type: 'subteam_members_changed',
    subteam_id: group.id,
    team_id: state.team.id,
    date_previous_update: 1_700_000_000,
    date_update: describedGroup(context, group).date_update,
    added_users: added,
    added_users_count: String(added.length),
    removed_users: removed,
    removed_users_count: String(removed.length),
  });
}

/** Disables a user group. Slack keeps its list of members. */
export async function disableGroup(context: WorkspaceContext, groupId: string): Promise<Answer> {
  const group = context.state.groups.get(groupId);
  if (!group) throw new Error(`there is no group ${groupId} in the workspace`);
  group.disabled = true;
  context.state.changed();
  return tell(context, { type: 'subteam_updated', subteam: describedGroup(context, group) });
}
