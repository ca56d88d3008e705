/** users.*, usergroups.*, and who the app itself is. */
import type { WorkspaceContext } from '../context.ts';
import type { Group, Member } from '../model.ts';
import { refuse } from '../refusal.ts';
import { type Args, flag, optional, page, required } from './arguments.ts';
import type { Method } from './method.ts';

export function describedMember({ state }: WorkspaceContext, member: Member): Record<string, unknown> {
  const mayKnowEmail = state.app.scopes.includes('users:read.email');
  return {
    id: member.id,
    team_id: member.teamId,
    name: member.name,
    deleted: member.deleted,
    real_name: member.realName,
    tz: 'Etc/UTC',
    tz_label: 'Coordinated Universal Time',
    tz_offset: 0,
    profile: {
      title: member.title,
      real_name: member.realName,
      display_name: member.name,
      team: member.teamId,
      ...(mayKnowEmail && !member.isBot && { email: member.email }),
    },
    is_admin: false,
    is_owner: false,
    is_restricted: member.isGuest,
    is_ultra_restricted: false,
    is_bot: member.isBot,
    is_app_user: false,
    // Slack says so only of those who share no channel with the app.
    ...(member.teamId !== state.team.id && !sharesChannel(state, member) && { is_stranger: true }),
    updated: 1_700_000_000,
  };
}

const sharesChannel = ({ channels, app }: WorkspaceContext['state'], { id }: Member): boolean =>
  [...channels.values()].some(
    ({ kind, members }) => kind !== 'im' && members.includes(app.botUser) && members.includes(id),
  );

function info(args: Args, context: WorkspaceContext) {
  const member = context.state.members.get(required(args, 'user')) ?? refuse('user_not_found');
  return { user: describedMember(context, member) };
}

function list(args: Args, context: WorkspaceContext) {
  const { items, next } = page(args, [...context.state.members.values()], 1000, 1000);
  return { members: items.map((member) => describedMember(context, member)), response_metadata: { next_cursor: next } };
}

function lookupByEmail(args: Args, context: WorkspaceContext) {
  const email = required(args, 'email');
  const member = [...context.state.members.values()].find((one) => one.email === email && !one.deleted && !one.isBot);
  return { user: describedMember(context, member ?? refuse('users_not_found')) };
}

export function describedGroup({ state }: WorkspaceContext, group: Group): Record<string, unknown> {
  return {
    id: group.id,
    team_id: state.team.id,
    is_usergroup: true,
    name: group.name,
    handle: group.handle,
    description: '',
    date_create: 1_700_000_000,
    date_update: Math.floor(state.now() / 1000),
    date_delete: group.disabled ? Math.floor(state.now() / 1000) : 0,
    users: group.users,
    user_count: group.users.length,
  };
}

function groups(args: Args, context: WorkspaceContext) {
  const shown = [...context.state.groups.values()].filter((group) => !group.disabled || flag(args, 'include_disabled'));
  const all = shown.map((group) => describedGroup(context, group));
  return { usergroups: flag(args, 'include_users') ? all : all.map(({ users: _, ...group }) => group) };
}

function groupUsers(args: Args, context: WorkspaceContext) {
  const group = context.state.groups.get(required(args, 'usergroup')) ?? refuse('no_such_subteam');
  return { users: group.users.filter((id) => !context.state.members.get(id)?.deleted) };
}

function authTest(_: Args, { state }: WorkspaceContext) {
  const bot = state.member(state.app.botUser);
  return {
    url: `https://${state.team.domain}.slack.com/`,
    team: state.team.name,
    user: bot.name,
    team_id: state.team.id,
    user_id: bot.id,
    bot_id: state.app.botId,
    app_id: state.app.id,
    is_enterprise_install: false,
  };
}

function teamInfo(_: Args, { state }: WorkspaceContext) {
  return { team: { ...state.team, email_domain: '', icon: { image_default: true } } };
}

function botInfo(args: Args, { state }: WorkspaceContext) {
  const { app } = state;
  if ((optional(args, 'bot') ?? app.botId) !== app.botId) refuse('bot_not_found');
  return { bot: { id: app.botId, deleted: false, name: app.name, app_id: app.id, user_id: app.botUser, icons: {} } };
}

export const people = {
  'auth.test': { tier: 'special', run: authTest },
  'apps.connections.open': { tier: 3, token: 'app', run: (_, context) => ({ url: context.socketUrl() }) },
  'team.info': { scope: 'team:read', tier: 3, run: teamInfo },
  'bots.info': { scope: 'users:read', tier: 3, run: botInfo },
  'users.info': { scope: 'users:read', tier: 4, run: info },
  'users.list': { scope: 'users:read', tier: 2, run: list },
  'users.lookupByEmail': { scope: 'users:read.email', tier: 3, run: lookupByEmail },
  'usergroups.list': { scope: 'usergroups:read', tier: 2, run: groups },
  'usergroups.users.list': { scope: 'usergroups:read', tier: 2, run: groupUsers },
} as const satisfies Record<string, Method>;
