/** What happens around the bot: people come and go, open its Home, change groups. Each is an event to the bot. */
import { describedGroup, describedMember } from '../api/people.ts';
import type { Payload } from '../delivery/parcel.ts';
import * as payloads from '../delivery/payloads.ts';
import type { Inside } from '../inside.ts';
import type { Answer, Channel } from '../model.ts';
import { wired } from '../views.ts';
import { done, failed } from './failed.ts';

async function tell(inside: Inside, event: Payload): Promise<Answer> {
  const receipt = await inside.deliver(payloads.event(inside, event));
  return receipt.ok ? done : failed(receipt.error);
}

export function openHome(inside: Inside, memberId: string): Promise<Answer> {
  const { state } = inside;
  const home = state.homes.get(memberId);
  return tell(inside, {
    type: 'app_home_opened',
    user: memberId,
    channel: state.imWith(memberId).id,
    tab: 'home',
    ...(home && { view: wired(state, home) }),
  });
}

/** The bot hears of the comings and goings where it is. */
async function moved(inside: Inside, type: string, memberId: string, channel: Channel): Promise<Answer> {
  inside.state.changed();
  if (!channel.members.includes(inside.state.app.botUser)) return done;
  const channelType = channel.kind === 'private' ? 'G' : 'C';
  const { id: team } = inside.state.team;
  return tell(inside, { type, user: memberId, channel: channel.id, channel_type: channelType, team });
}

export async function join(inside: Inside, memberId: string, channel: Channel): Promise<Answer> {
  if (channel.members.includes(memberId)) return done;
  channel.members.push(memberId);
  return moved(inside, 'member_joined_channel', memberId, channel);
}

export async function leave(inside: Inside, memberId: string, channel: Channel): Promise<Answer> {
  if (!channel.members.includes(memberId)) return done;
  channel.members = channel.members.filter((id) => id !== memberId);
  return moved(inside, 'member_left_channel', memberId, channel);
}

export function unarchive(inside: Inside, channel: Channel): Promise<Answer> {
  channel.archived = false;
  inside.state.changed();
  const type = channel.kind === 'private' ? 'group_unarchive' : 'channel_unarchive';
  const [user = ''] = channel.members;
  return tell(inside, { type, channel: channel.id, user });
}

/** Slack takes deactivated people out of their channels, and hides them in user groups. */
export async function deactivate(inside: Inside, memberId: string): Promise<Answer> {
  const { state } = inside;
  const member = state.member(memberId);
  member.deleted = true;
  for (const channel of state.channels.values()) {
    if (channel.kind !== 'im') channel.members = channel.members.filter((id) => id !== memberId);
  }
  state.modals.delete(memberId);
  state.changed();
  return tell(inside, { type: 'user_change', user: describedMember(inside, member), cache_ts: state.now() });
}

export async function setGroup(inside: Inside, groupId: string, users: string[]): Promise<Answer> {
  const { state } = inside;
  const group = state.groups.get(groupId);
  if (!group) throw new Error(`there is no group ${groupId} in the workspace`);
  const added = users.filter((id) => !group.users.includes(id));
  const removed = group.users.filter((id) => !users.includes(id));
  group.users = users;
  state.changed();
  return tell(inside, {
    type: 'subteam_members_changed',
    subteam_id: group.id,
    team_id: state.team.id,
    date_previous_update: 1_700_000_000,
    date_update: describedGroup(inside, group).date_update,
    added_users: added,
    added_users_count: String(added.length),
    removed_users: removed,
    removed_users_count: String(removed.length),
  });
}
