/** Who belongs to a user group or a channel, as Slack says; kept for a minute and forgotten when Slack tells of a change. */
import type { WebClient } from '@slack/web-api';
import { platformError } from './answer.ts';
import type { Memberships } from './domain/authority.ts';
import type { Log } from './log.ts';

export type Directory = {
  /** Whether a person belongs to each of these groups and channels. What Slack did not answer is left out. */
  memberships(person: string, ids: string[]): Promise<Memberships>;
  /** Everybody who belongs to one of these groups and channels. One that Slack does not know has nobody; an outage rejects. */
  members(ids: string[]): Promise<string[]>;
  forget(id: string): void;
};

/** How long an answer of Slack's is trusted, in milliseconds: groups may be asked for 20 times a minute. */
const keptFor = 60_000;

export function createDirectory(client: WebClient, now: () => Date, log: Log): Directory {
  const kept = new Map<string, { at: number; members: Promise<Set<string>> }>();

  async function membersOf(id: string): Promise<Set<string>> {
    const known = kept.get(id);
    if (known && now().getTime() - known.at < keptFor) return known.members;
    const members = id.startsWith('S') ? groupMembers(client, id) : channelMembers(client, id);
    const entry = { at: now().getTime(), members };
    kept.set(id, entry);
    members.catch(() => {
      if (kept.get(id) === entry) kept.delete(id);
    });
    return members;
  }

  return {
    async memberships(person, ids) {
      const answers = new Map<string, boolean>();
      await Promise.all(
        ids.map(async (id) => {
          try {
            answers.set(id, (await membersOf(id)).has(person));
          } catch (error) {
            log.warn({ err: error, id }, 'Slack did not say who belongs to this group or channel');
          }
        }),
      );
      return answers;
    },
    async members(ids) {
      const sets = ids.map(async (id) => {
        try {
          return await membersOf(id);
        } catch (error) {
          if (!platformError(error)) throw error;
          log.warn({ err: error, id }, 'Slack does not know this group or channel');
          return [];
        }
      });
      return (await Promise.all(sets)).flatMap((members) => [...members]);
    },
    forget: (id) => {
      kept.delete(id);
    },
  };
}

async function groupMembers(client: WebClient, usergroup: string): Promise<Set<string>> {
  const { users = [] } = await client.usergroups.users.list({ usergroup });
  return new Set(users);
}

async function channelMembers(client: WebClient, channel: string): Promise<Set<string>> {
  const members = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await client.conversations.members({ channel, limit: 1000, ...(cursor ? { cursor } : {}) });
    for (const member of page.members ?? []) members.add(member);
    cursor = page.response_metadata?.next_cursor;
  } while (cursor);
  return members;
}
