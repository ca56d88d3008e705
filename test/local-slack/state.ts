/** Everything that the workspace remembers, and who may see what of it. */
import { randomBytes } from 'node:crypto';
import { Timestamps } from './clock.ts';
import type { Channel, Group, Member, Message, View } from './model.ts';
import type { Seed } from './seed.ts';

/** What outlives a restart: modals and ephemeral messages do not, as in Slack. */
type Saved = {
  members: Member[];
  groups: Group[];
  channels: Channel[];
  messages: Message[];
  homes: [string, View][];
  last: number;
};

export class State {
  readonly team: Seed['team'];
  readonly app: Seed['app'];
  readonly members: Map<string, Member>;
  readonly groups: Map<string, Group>;
  readonly channels: Map<string, Channel>;
  /** Every message of every channel, oldest first, the ephemeral ones included. */
  messages: Message[];
  readonly modals = new Map<string, View[]>();
  readonly homes: Map<string, View>;
  readonly now: () => number;
  readonly #timestamps: Timestamps;
  readonly #listeners = new Set<() => void>();

  constructor(seed: Seed, now: () => number, saved?: string) {
    const from: Saved = saved
      ? (JSON.parse(saved) as Saved)
      : { ...structuredClone(seed), messages: [], homes: [], last: 0 };
    this.team = seed.team;
    this.app = seed.app;
    this.now = now;
    this.members = new Map(from.members.map((member) => [member.id, member]));
    this.groups = new Map(from.groups.map((group) => [group.id, group]));
    this.channels = new Map(from.channels.map((channel) => [channel.id, channel]));
    // A workspace of an older version may lack some.
    for (const one of seed.channels) if (!this.channels.has(one.id)) this.channels.set(one.id, structuredClone(one));
    this.messages = from.messages;
    this.homes = new Map(from.homes);
    this.#timestamps = new Timestamps(now, from.last);
  }

  save(): string {
    const saved: Saved = {
      members: [...this.members.values()],
      groups: [...this.groups.values()],
      channels: [...this.channels.values()],
      messages: this.messages.filter((message) => message.ephemeralTo === undefined),
      homes: [...this.homes],
      last: this.#timestamps.last,
    };
    return JSON.stringify(saved);
  }

  /** Forgets what was said and opened; people, groups and channels stay. */
  startOver(): void {
    this.messages = [];
    this.modals.clear();
    this.homes.clear();
    for (const { id, kind } of [...this.channels.values()]) if (kind === 'im') this.channels.delete(id);
    this.#timestamps.startOver();
    this.changed();
  }

  nextTs(): string {
    return this.#timestamps.next();
  }

  /** An id as Slack's look: a letter and some capitals. */
  nextId(letter: string): string {
    return `${letter}0${randomBytes(5).toString('hex').toUpperCase()}`;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  member(nameOrId: string): Member {
    const found = this.members.get(nameOrId) ?? [...this.members.values()].find((member) => member.name === nameOrId);
    if (!found) throw new Error(`there is no member ${nameOrId} in the workspace`);
    return found;
  }

  channel(nameOrId: string): Channel {
    const found =
      this.channels.get(nameOrId) ?? [...this.channels.values()].find((channel) => channel.name === nameOrId);
    if (!found) throw new Error(`there is no channel ${nameOrId} in the workspace`);
    return found;
  }

  /** Finds the direct messages between a user and the bot. They are created on first use. */
  imWith(memberId: string): Channel {
    const id = `D${memberId.slice(1)}`;
    const channel = this.channels.get(id) ?? {
      id,
      name: '',
      topic: '',
      kind: 'im',
      members: [memberId, this.app.botUser],
      archived: false,
    };
    this.channels.set(id, channel);
    return channel;
  }

  maySee(memberId: string, channel: Channel): boolean {
    return channel.kind === 'public' ? !this.member(memberId).isGuest : channel.members.includes(memberId);
  }

  messagesIn(channelId: string): Message[] {
    return this.messages.filter((message) => message.channel === channelId && message.ephemeralTo === undefined);
  }

  messagesFor(memberId: string, channelId: string): Message[] {
    const channel = this.channels.get(channelId);
    if (!channel || !(this.maySee(memberId, channel) || channel.members.includes(memberId))) return [];
    return this.messages.filter(
      (message) => message.channel === channelId && (message.ephemeralTo ?? memberId) === memberId,
    );
  }

  message(channelId: string, ts: string): Message | undefined {
    return this.messages.find((message) => message.channel === channelId && message.ts === ts);
  }

  add(message: Omit<Message, 'ts'>): Message {
    const added: Message = { ...message, ts: this.nextTs() };
    this.messages.push(added);
    this.changed();
    return added;
  }

  swap(message: Message, edited: Message): void {
    this.messages = this.messages.map((other) => (other === message ? edited : other));
    this.changed();
  }

  remove(message: Message): void {
    this.messages = this.messages.filter((other) => other !== message);
    this.changed();
  }

  /** The open modals of a person, the last on top. */
  stack(memberId: string): View[] {
    const stack = this.modals.get(memberId) ?? [];
    this.modals.set(memberId, stack);
    return stack;
  }
}
