/**
 * START HERE: a Slack workspace on this machine, with one app installed. It speaks Slack's protocol and nothing else:
 * the Web API, Socket Mode or signed HTTP towards the bot, and people who type, click and read. It is as strict as
 * Slack; what Slack enforces silently, it reports in `protocolViolations`.
 */
import { createServer } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import type { Click, Fill, Where } from './actions/clicks.ts';
import * as clicks from './actions/clicks.ts';
import { command } from './actions/commands.ts';
import { done, failed, readOnly } from './actions/failed.ts';
import * as membership from './actions/membership.ts';
import * as modals from './actions/modals.ts';
import { draft, edit } from './messages.ts';
import type { Answer, Channel, Group, Member, Message, Option, OptionGroups, View } from './model.ts';
import { Person } from './people.ts';
import type { Seed } from './seed.ts';
import { SlackServer, type WorkspaceOptions } from './slack-server.ts';
import { escaped } from './text/mrkdwn.ts';
import { readable } from './transcript.ts';

export class Workspace extends SlackServer {
  // What there is

  get members(): Map<string, Member> {
    return this.state.members;
  }
  get app(): Seed['app'] {
    return this.state.app;
  }
  get groups(): Map<string, Group> {
    return this.state.groups;
  }
  get channels(): Map<string, Channel> {
    return this.state.channels;
  }
  member(nameOrId: string): Member {
    return this.state.member(nameOrId);
  }
  channel(nameOrId: string): Channel {
    return this.state.channel(nameOrId);
  }
  person(nameOrId: string): Person {
    return new Person(this, this.member(nameOrId));
  }
  imWith(memberId: string): Channel {
    return this.state.imWith(this.member(memberId).id);
  }
  /** What everybody in the channel sees, oldest first. */
  messages(channelId: string): Message[] {
    return this.state.messagesIn(this.channel(channelId).id);
  }
  /** What that person sees there: also what only they see; nothing where they may not look. */
  messagesFor(memberId: string, channelId: string): Message[] {
    return this.state.messagesFor(this.member(memberId).id, this.channel(channelId).id);
  }
  directMessages(memberId: string): Message[] {
    return this.messages(this.imWith(memberId).id);
  }
  /** The open modals, the last on top. */
  views(memberId: string): View[] {
    return this.state.stack(this.member(memberId).id);
  }
  home(memberId: string): View | undefined {
    return this.state.homes.get(this.member(memberId).id);
  }

  // What people do

  command(memberId: string, channelId: string, typed: string): Promise<Answer> {
    return command(this.context, memberId, channelId, typed);
  }
  click(how: Click): Promise<Answer> {
    return clicks.click(this.context, how);
  }
  suggest(how: Where & { typed: string }): Promise<Option[] | OptionGroups> {
    return clicks.suggest(this.context, how);
  }
  fill(how: Fill): Promise<Answer> {
    return clicks.fill(this.context, how);
  }
  submit(by: string, viewId: string): Promise<Answer> {
    return modals.submit(this.context, this.member(by).id, viewId);
  }
  close(by: string, viewId: string): Promise<Answer> {
    return modals.close(this.context, this.member(by).id, viewId);
  }
  openHome(by: string): Promise<Answer> {
    return membership.openHome(this.context, this.member(by).id);
  }
  join(memberId: string, channelId: string): Promise<Answer> {
    return membership.join(this.context, this.member(memberId).id, this.channel(channelId));
  }
  leave(memberId: string, channelId: string): Promise<Answer> {
    return membership.leave(this.context, this.member(memberId).id, this.channel(channelId));
  }
  deactivate(memberId: string): Promise<Answer> {
    return membership.deactivate(this.context, this.member(memberId).id);
  }
  setGroup(groupId: string, users: string[]): Promise<Answer> {
    return membership.setGroup(this.context, groupId, users);
  }
  disableGroup(groupId: string): Promise<Answer> {
    return membership.disableGroup(this.context, groupId);
  }
  async archive(channelId: string): Promise<Answer> {
    this.channel(channelId).archived = true;
    this.state.changed();
    return done;
  }
  unarchive(channelId: string): Promise<Answer> {
    return membership.unarchive(this.context, this.channel(channelId));
  }
  changeId(channelId: string, to: string): Promise<Answer> {
    return membership.changeId(this.context, this.channel(channelId), to);
  }
  /** Tells the bot of an event, which nothing here has caused. */
  happens(event: Record<string, unknown>): Promise<Answer> {
    return membership.tell(this.context, event);
  }
  /** What a message of the bot's says after another program with its token has changed it. */
  async tamper(channelId: string, ts: string, text: string): Promise<Answer> {
    const message = this.state.message(this.channel(channelId).id, ts);
    if (message) edit(this.state, message, draft({ text, blocks: [] }));
    return done;
  }
  /** By a workspace admin, who may delete anything. */
  async deleteMessage(channelId: string, ts: string): Promise<Answer> {
    const message = this.state.message(this.channel(channelId).id, ts);
    if (message) this.state.remove(message);
    return done;
  }
  /** Another app, with a member's token, posts the same as is there. */
  async copyBy(app: string, memberId: string, { channel, text, blocks, metadata }: Message): Promise<Answer> {
    const { id: user } = this.member(memberId);
    this.state.add({ channel, user, text, blocks, ...(metadata && { metadata }), app });
    return done;
  }
  async say(memberId: string, channelId: string, text: string): Promise<Answer> {
    const { id, members, kind } = this.channel(channelId);
    const { id: user } = this.member(memberId);
    if (!members.includes(user)) return failed('not_in_channel');
    if (kind === 'im' && this.app.readOnlyMessages) return failed(readOnly(this.app.name));
    this.state.add({ channel: id, user, text: escaped(text), blocks: [] });
    return done;
  }

  // What can be seen of it

  save(): string {
    return this.state.save();
  }
  onChange(listener: () => void): () => void {
    return this.state.onChange(listener);
  }
  /** Waits until it is so. What it prints otherwise is the whole workspace, as people read it. */
  async until<T>(
    condition: () => T | undefined | false | null,
    { within = this.patience, what = String(condition) }: { within?: number; what?: string } = {},
  ): Promise<T> {
    const end = performance.now() + within;
    while (performance.now() < end) {
      const found = condition();
      if (found !== undefined && found !== false && found !== null) return found;
      const changed = Promise.withResolvers<void>();
      const forget = this.onChange(changed.resolve);
      await Promise.race([changed.promise, after(50)]);
      forget();
    }
    throw new Error(`waited ${within} ms in vain for: ${what}\n\n${this.transcript()}`);
  }
  /** Everything that can be read in the workspace. */
  transcript(): string {
    const channels = [...this.channels.values()].map((channel) => {
      const title = channel.kind === 'im' ? `@${this.state.member(channel.members[0] ?? '').name}` : `#${channel.name}`;
      const lines = this.state.messages.filter((message) => message.channel === channel.id).map((m) => this.#line(m));
      return [title, ...lines].join('\n');
    });
    const open = [...this.state.modals].flatMap(([id, stack]) =>
      stack.map((view) => `open for @${this.member(id).name}\n${readable(this, view)}`),
    );
    const protocolViolations = this.protocolViolations.map((violation) => `PROTOCOL VIOLATION ${violation}`);
    return [...channels, ...open, ...protocolViolations].join('\n\n');
  }
  #line(message: Message): string {
    const to = message.ephemeralTo ? ` (only to @${this.member(message.ephemeralTo).name})` : '';
    return `${this.members.get(message.user)?.name}${to}: ${readable(this, message).replaceAll('\n', '\n  ')}`;
  }
}

export async function openWorkspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return new Workspace(server, { bot: 'xoxb-local-workspace', app: 'xapp-local-workspace' }, options);
}
