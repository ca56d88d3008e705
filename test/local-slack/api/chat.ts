/** chat.*: saying things. */
import type { Inside } from '../inside.ts';
import { draft, edit, fromBot, isEmpty, wired } from '../messages.ts';
import type { Channel, Message } from '../model.ts';
import { refuse } from '../refusal.ts';
import { type Args, optional, required } from './arguments.ts';
import { isBotIn, type Method, visibleChannel } from './method.ts';

/** The reference of chat.update: "The `text` field cannot exceed 4,000 characters". */
const LONGEST_UPDATE = 4_000;

/** A person's id stands for the direct messages with them; nobody reads those of a deactivated person. */
function addressee(inside: Inside, id: string): Channel {
  const { state } = inside;
  const person = state.members.get(id);
  const channel = person && !person.isBot ? state.imWith(id) : visibleChannel(inside, id);
  const gone = channel.kind === 'im' && channel.members.some((member) => state.members.get(member)?.deleted);
  return gone ? refuse('channel_not_found') : channel;
}

function mustBeOpen(inside: Inside, channel: Channel): void {
  if (channel.archived) refuse('is_archived');
  const mayWriteAnywhere = channel.kind === 'public' && inside.state.app.scopes.includes('chat:write.public');
  if (!isBotIn(inside, channel) && !mayWriteAnywhere) refuse('not_in_channel');
}

function postMessage(args: Args, inside: Inside) {
  const { state } = inside;
  const channel = addressee(inside, required(args, 'channel'));
  mustBeOpen(inside, channel);
  const said = draft(args);
  if (isEmpty(said)) refuse('no_text');
  const thread = optional(args, 'thread_ts');
  const message = state.add({ ...fromBot(state, channel.id, said), ...(thread && { thread_ts: thread }) });
  return { channel: channel.id, ts: message.ts, message: wired(state, message, true) };
}

/** A message of the bot. Ephemeral ones cannot be found by their ts, as in Slack. */
function ownMessage(args: Args, inside: Inside, notOwn: string): Message {
  const channel = visibleChannel(inside, required(args, 'channel'));
  const message = inside.state.message(channel.id, required(args, 'ts'));
  if (!message || message.ephemeralTo !== undefined) return refuse('message_not_found');
  if (message.user !== inside.state.app.botUser) refuse(notOwn);
  if (channel.archived) refuse('is_inactive');
  return message;
}

function update(args: Args, inside: Inside) {
  const message = ownMessage(args, inside, 'cant_update_message');
  const said = draft(args);
  if ((said.text?.length ?? 0) > LONGEST_UPDATE) refuse('msg_too_long');
  if (said.text === undefined && said.blocks === undefined) refuse('no_text');
  if (isEmpty({ text: message.text, blocks: message.blocks, ...said })) refuse('no_text');
  const edited = edit(inside.state, message, said);
  const { channel, ts, text } = edited;
  return { channel, ts, text, message: wired(inside.state, edited, true) };
}

function remove(args: Args, inside: Inside) {
  const message = ownMessage(args, inside, 'cant_delete_message');
  inside.state.remove(message);
  return { channel: message.channel, ts: message.ts };
}

function postEphemeral(args: Args, inside: Inside) {
  const { state } = inside;
  const channel = visibleChannel(inside, required(args, 'channel'));
  const user = required(args, 'user');
  mustBeOpen(inside, channel);
  if (!channel.members.includes(user) || state.members.get(user)?.deleted) refuse('user_not_in_channel');
  const said = draft(args);
  if (isEmpty(said)) refuse('no_text');
  return { message_ts: state.add({ ...fromBot(state, channel.id, said), ephemeralTo: user }).ts };
}

function getPermalink(args: Args, inside: Inside) {
  const channel = visibleChannel(inside, required(args, 'channel'));
  const ts = required(args, 'message_ts');
  if (!inside.state.message(channel.id, ts)) refuse('message_not_found');
  const { domain } = inside.state.team;
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
