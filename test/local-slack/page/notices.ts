/** What the page knows beyond the workspace: what each person has read, and what Slack has told them about failures. */
import type { Member } from '../model.ts';
import type { Workspace } from '../workspace.ts';
import type { Mail } from './mail.ts';
import { channelsOf } from './reader.ts';

/** A message of Slack itself to one person, which no bot can read. It has a place between the others by its `ts`. */
export type Notice = { channel: string; ts: string; text: string };

export class Notices {
  readonly #workspace: Workspace;
  readonly #notices = new Map<string, Notice[]>();
  /** Person and channel → the timestamp of the last message that was on their screen. */
  readonly #seen = new Map<string, string>();
  readonly #mail: Mail | undefined;
  /** Person → how many letters they have seen. */
  readonly #read = new Map<string, number>();

  constructor(workspace: Workspace, mail?: Mail) {
    this.#workspace = workspace;
    this.#mail = mail;
    for (const member of workspace.members.values()) this.readMail(member);
    // What was there before the page counts as read.
    for (const memberId of workspace.members.keys()) {
      for (const channel of workspace.channels.keys()) this.see(memberId, channel);
    }
  }

  add(memberId: string, channel: string, text: string): void {
    const last = this.#workspace.messagesFor(memberId, channel).at(-1)?.ts ?? '0';
    const ts = (Math.max(this.#workspace.now() / 1000, Number(last)) + 0.00001).toFixed(6);
    this.#notices.set(memberId, [...(this.#notices.get(memberId) ?? []), { channel, ts, text }]);
  }

  of(memberId: string, channel: string): Notice[] {
    return (this.#notices.get(memberId) ?? []).filter((notice) => notice.channel === channel);
  }

  see(memberId: string, channel: string): void {
    const last = this.#workspace.messagesFor(memberId, channel).at(-1);
    if (last) this.#seen.set(`${memberId}/${channel}`, last.ts);
  }

  unread(memberId: string, channel: string): number {
    const seen = Number(this.#seen.get(`${memberId}/${channel}`) ?? 0);
    const messages = this.#workspace.messagesFor(memberId, channel);
    return messages.filter((message) => Number(message.ts) > seen && message.user !== memberId).length;
  }

  readMail({ id, email }: Member): void {
    this.#read.set(id, this.#mail?.to(email).length ?? 0);
  }

  unreadMail({ id, email }: Member): number {
    return (this.#mail?.to(email).length ?? 0) - (this.#read.get(id) ?? 0);
  }

  /** Everything that waits for a person: the badge on them. Mail repeats what Slack tells, and counts for nothing here. */
  waiting(memberId: string): number {
    const channels = channelsOf(this.#workspace, this.#workspace.member(memberId));
    const all = [...channels, this.#workspace.imWith(memberId)];
    return all.reduce((sum, channel) => sum + this.unread(memberId, channel.id), 0);
  }
}
