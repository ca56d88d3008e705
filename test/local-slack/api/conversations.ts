/** conversations.*: which channels there are, who is in them, what was said. */
import { seconds } from '../clock.ts';
import type { WorkspaceContext } from '../context.ts';
import { wired } from '../messages.ts';
import type { Channel, Message } from '../model.ts';
import { refuse } from '../refusal.ts';
import { type Args, flag, optional, page, required } from './arguments.ts';
import { isBotIn, kindScope, type Method, requireScope, visibleChannel } from './method.ts';

function described(context: WorkspaceContext, channel: Channel): Record<string, unknown> {
  const isIm = channel.kind === 'im';
  const common = { id: channel.id, created: 1_700_000_000, is_archived: channel.archived, is_org_shared: false };
  if (isIm) return { ...common, is_im: true, user: channel.members[0], is_user_deleted: false };
  return {
    ...common,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: channel.kind === 'public',
    is_group: channel.kind === 'private',
    is_im: false,
    is_mpim: false,
    is_private: channel.kind === 'private',
    is_member: isBotIn(context, channel),
    is_general: channel.name === 'general',
    is_shared: channel.shared ?? false,
    is_ext_shared: channel.shared ?? false,
    context_team_id: context.state.team.id,
    topic: { value: channel.topic, creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
    num_members: channel.members.length,
  };
}

function open(args: Args, context: WorkspaceContext) {
  const { state } = context;
  const users = optional(args, 'users');
  const existing = optional(args, 'channel');
  if (!users && !existing) refuse('users_list_not_supplied');
  const person = users ? (state.members.get(users) ?? refuse('user_not_found')) : undefined;
  if (person?.deleted) refuse('user_disabled');
  if (person?.isBot) refuse('cannot_dm_bot');
  const before = person && state.channels.has(`D${person.id.slice(1)}`);
  const channel = person ? state.imWith(person.id) : visibleChannel(context, existing ?? '');
  return {
    ...(before && { no_op: true, already_open: true }),
    channel: flag(args, 'return_im') ? described(context, channel) : { id: channel.id },
  };
}

function info(args: Args, context: WorkspaceContext) {
  return { channel: described(context, visibleChannel(context, required(args, 'channel'))) };
}

function join(args: Args, context: WorkspaceContext) {
  const { state } = context;
  const channel = visibleChannel(context, required(args, 'channel'));
  if (channel.kind !== 'public') refuse('method_not_supported_for_channel_type');
  if (channel.archived) refuse('is_archived');
  const warning = isBotIn(context, channel) ? 'already_in_channel' : undefined;
  if (!warning) channel.members.push(state.app.botUser);
  state.changed();
  return { channel: described(context, channel), ...(warning && { warning }) };
}

function members(args: Args, context: WorkspaceContext) {
  const channel = visibleChannel(context, required(args, 'channel'));
  const { items, next } = page(args, channel.members, 999, 100);
  return { members: items, response_metadata: { next_cursor: next } };
}

function readable(args: Args, context: WorkspaceContext): Channel {
  const channel = visibleChannel(context, required(args, 'channel'));
  return isBotIn(context, channel) ? channel : refuse('not_in_channel');
}

/** `oldest` and `latest` are exclusive unless `inclusive`. */
function between(args: Args, messages: Message[]): Message[] {
  const oldest = seconds(optional(args, 'oldest') ?? '0');
  const latest = seconds(optional(args, 'latest') ?? 'Infinity');
  if (Number.isNaN(oldest)) refuse('invalid_ts_oldest');
  if (Number.isNaN(latest)) refuse('invalid_ts_latest');
  const within = flag(args, 'inclusive')
    ? (at: number) => at >= oldest && at <= latest
    : (at: number) => at > oldest && at < latest;
  return messages.filter((message) => within(seconds(message.ts)));
}

function history(args: Args, context: WorkspaceContext) {
  const { state } = context;
  const channel = readable(args, context);
  const inChannel = state.messagesIn(channel.id).filter((message) => message.thread_ts === undefined);
  const { items, next } = page(args, between(args, inChannel).reverse(), context.historyPage, 100);
  return {
    messages: items.map((message) => wired(state, message, flag(args, 'include_all_metadata'))),
    has_more: next !== '',
    pin_count: 0,
    ...(next !== '' && { response_metadata: { next_cursor: next } }),
  };
}

function replies(args: Args, context: WorkspaceContext) {
  const { state } = context;
  const channel = readable(args, context);
  const parent = required(args, 'ts');
  const thread = state.messagesIn(channel.id).filter(({ ts, thread_ts }) => ts === parent || thread_ts === parent);
  if (thread.length === 0) refuse('thread_not_found');
  const { items, next } = page(args, between(args, thread), 1000, 1000);
  return {
    messages: items.map((message) => wired(state, message, flag(args, 'include_all_metadata'))),
    has_more: next !== '',
    response_metadata: { next_cursor: next },
  };
}

const kinds: Record<string, Channel['kind']> = { public_channel: 'public', private_channel: 'private', im: 'im' };

function list(args: Args, context: WorkspaceContext) {
  const types = (optional(args, 'types') ?? 'public_channel').split(',');
  const wanted = types.map((type) => kinds[type.trim()] ?? refuse('invalid_types'));
  for (const kind of wanted) requireScope(context, kindScope(kind, 'read'));
  const all = [...context.state.channels.values()].filter(
    (channel) =>
      wanted.includes(channel.kind) &&
      (channel.kind === 'public' || isBotIn(context, channel)) &&
      !(channel.archived && flag(args, 'exclude_archived')),
  );
  const { items, next } = page(args, all, 1000, 100);
  return { channels: items.map((channel) => described(context, channel)), response_metadata: { next_cursor: next } };
}

export const conversations = {
  'conversations.open': { scope: 'im:write', tier: 3, run: open },
  'conversations.info': { scope: { byKind: 'read' }, tier: 3, run: info },
  'conversations.join': { scope: 'channels:join', tier: 3, run: join },
  'conversations.members': { scope: { byKind: 'read' }, tier: 4, run: members },
  'conversations.history': { scope: { byKind: 'history' }, tier: 3, run: history },
  'conversations.replies': { scope: { byKind: 'history' }, tier: 3, run: replies },
  'conversations.list': { tier: 2, run: list },
} as const satisfies Record<string, Method>;
