/** chat.*: saying things. */
import type { WorkspaceContext } from '../context.ts';
import { draft, edit, fromBot, isEmpty, wired } from '../messages.ts';
import type { Channel, Message } from '../model.ts';
import { refuse } from '../refusal.ts';
import { type Args, optional, required } from './arguments.ts';
import { isBotIn, type Method, visibleChannel } from './method.ts';

/** The reference of chat.update: "The `text` field cannot exceed 4,000 characters". */
const LONGEST_UPDATE = 4_000;

/** Resolves a channel. A user ID means the direct messages with the user; a deactivated user has none. */
function addressee(context: WorkspaceContext, id: string): Channel {
  const { state } = context;
  const person = state.members.get(id);
  const channel = person && !person.isBot ? state.imWith(id) : visibleChannel(context, id);
  const gone = channel.kind === 'im' && channel.members.some((member) => state.members.get(member)?.deleted);
  return gone ? refuse('channel_not_found') : channel;
}

function mustBeOpen(context: WorkspaceContext, channel: Channel): void {
  if (channel.archived) refuse('is_archived');
  const mayWriteAnywhere = channel.kind === 'public' && context.state.app.scopes.includes('chat:write.public');
  if (!isBotIn(context, channel) && !mayWriteAnywhere) refuse('not_in_channel');
}

function postMessage(args: Args, context: WorkspaceContext) {
  const { state } = context;
  const channel = addressee(context, required(args, 'channel'));
  mustBeOpen(context, channel);
  const said = draft(args);
  if (isEmpty(said)) refuse('no_text');
  const thread = optional(args, 'thread_ts');
  const message = state.add({ ...fromBot(state, channel.id, said), ...(thread && { thread_ts: thread }) });
  return { channel: channel.id, ts: message.ts, message: wired(state, message, true) };
}

/** A message of the bot. Ephemeral ones cannot be found by their ts, as in Slack. */
function ownMessage(args: Args, context: WorkspaceContext, notOwn: string): Message {
  const channel = visibleChannel(context, required(args, 'channel'));
  const message = context.state.message(channel.id, required(args, 'ts'));
  if (!message || message.ephemeralTo !== undefined) return refuse('message_not_found');
  if (message.user !== context.state.app.botUser) refuse(notOwn);
  if (channel.archived) refuse('is_inactive');
  return message;
}

function update(args: Args, context: WorkspaceContext) {
  const message = ownMessage(args, context, 'cant_update_message');
  const said = draft(args);
  if ((said.text?.length ?? 0) > LONGEST_UPDATE) refuse('msg_too_long');
  if (said.text === undefined && said.blocks === undefined) refuse('no_text');
  if (isEmpty({ text: message.text, blocks: message.blocks, ...said })) refuse('no_text');
  const edited = edit(context.state, message, said);
  const { channel, ts, text } = edited;
  return { channel, ts, text, message: wired(context.state, edited, true) };
}

function remove(args: Args, context: WorkspaceContext) {
  const message = ownMessage(args, context, 'cant_delete_message');
  context.state.remove(message);
  return { channel: message.channel, ts: message.ts };
}

function postEphemeral(args: Args, context: WorkspaceContext) {
  const { state } = context;
  const channel = visibleChannel(context, required(args, 'channel'));
  const user = required(args, 'user');
  mustBeOpen(context, channel);
  if (!channel.members.includes(user) || state.members.get(user)?.deleted) refuse('user_not_in_channel');
  const said = draft(args);
  if (isEmpty(said)) refuse('no_text');
  return { message_ts: state.add({ ...fromBot(state, channel.id, said), ephemeralTo: user }).ts };
}

function getPermalink(args: Args, context: WorkspaceContext) {
  const channel = visibleChannel(context, required(args, 'channel'));
  const ts = required(args, 'message_ts');
  if (!context.state.message(channel.id, ts)) refuse('message_not_found');
  const { domain } = context.state.team;
  return { channel: channel.id, permalink: permalink(domain, channel.id, ts) };
}

export const permalink = (domain: string, channel: string, ts: string) =>
  `https://${domain}.slack.com/archives/${channel}/p${ts.replace('.', '')}`;

export const chat = {
  'chat.postMessage': { scope: 'chat:write', tier: 'special', run: postMessage },
  'chat.update': { scope: 'chat:write', tier: 3, run: update },
  'chat.delete': { scope: 'chat:write', tier: 3, run: remove },
  'chat.postEphemeral': { scope: 'chat:write', tier: 4, run: postEphemeral },
  'chat.getPermalink': { tier: 'special', run: getPermalink },
} as const satisfies Record<string, Method>;
