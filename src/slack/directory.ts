/**
 * Who people are to the workspace, and who belongs to a user group or a channel, as Slack says; kept for a minute and
 * forgotten when Slack tells of a change.
 */
import type { UsersInfoResponse, WebClient } from '@slack/web-api';
import type { Account, Memberships, SlackMember } from '../domain/authorization.ts';
import { stripInvisible } from '../domain/names.ts';
import type { Log } from '../observability/log.ts';
import { slackErrorCode } from './errors.ts';

export type Directory = {
  /** Who somebody is, as Slack said not longer than `trusted` milliseconds ago; undefined for whom Slack does not know. An outage rejects. */
  member(person: string, trusted?: number): Promise<SlackMember | undefined>;
  /** What a person is to the workspace; undefined where Slack did not say. */
  account(person: string): Promise<Account | undefined>;
  /** That, and whether they belong to each of these groups and channels. What Slack did not answer is left out. */
  memberships(person: string, ids: string[]): Promise<Memberships>;
  /** Everybody who belongs to one of these groups and channels. One that Slack does not know has nobody; an outage rejects. */
  members(ids: string[]): Promise<string[]>;
  /** Where the workspace is on the web. */
  workspaceUrl(): Promise<string>;
  /** Asks anew about this person, group or channel; without an id, about all of them. */
  invalidate(id?: string): void;
};

/** How long an answer of Slack's is trusted, in milliseconds: groups may be asked for 20 times a minute. */
const keptFor = 60_000;

export function createDirectory(client: WebClient, now: () => Date, log: Log): Directory {
  const moment = () => now().getTime();
  const sets = remembering(
    (id) => (id.startsWith('S') ? groupMembers(client, id) : channelMembers(client, id)),
    moment,
  );
  const people = remembering((id) => colleagueOf(client, id, home), moment);
  let own: Promise<Team> | undefined;

  /** The bot's own team, which never changes. */
  function home(): Promise<Team> {
    own ??= client.auth
      .test()
      .then(({ team_id, enterprise_id, url = '' }) => ({ team: team_id, enterprise: enterprise_id, url }));
    own.catch(() => {
      own = undefined;
    });
    return own;
  }

  async function account(person: string): Promise<Account | undefined> {
    try {
      return (await people.get(person)).account;
    } catch (error) {
      log.warn({ err: error, id: person }, 'Slack did not say who this is');
      return undefined;
    }
  }

  return {
    account,
    async member(person, trusted) {
      try {
        return await people.get(person, trusted);
      } catch (error) {
        if (['user_not_found', 'user_not_visible'].includes(slackErrorCode(error) ?? '')) return undefined;
        throw error;
      }
    },
    async memberships(person, ids) {
      const of = new Map<string, boolean>();
      const asked = ids.map(async (id) => {
        try {
          of.set(id, (await sets.get(id)).has(person));
        } catch (error) {
          log.warn({ err: error, id }, 'Slack did not say who belongs to this group or channel');
        }
      });
      const [known] = await Promise.all([account(person), ...asked]);
      return { account: known, of };
    },
    async members(ids) {
      const found = ids.map(async (id) => {
        try {
          return await sets.get(id);
        } catch (error) {
          if (!slackErrorCode(error)) throw error;
          log.warn({ err: error, id }, 'Slack does not know this group or channel');
          return [];
        }
      });
      return (await Promise.all(found)).flatMap((members) => [...members]);
    },
    workspaceUrl: async () => (await home()).url,
    invalidate: (id) => {
      sets.forget(id);
      people.forget(id);
    },
  };
}

/** Keeps answers for a minute, unless the asker trusts older ones; what failed is asked anew. */
function remembering<T>(ask: (id: string) => Promise<T>, moment: () => number) {
  const kept = new Map<string, { at: number; answer: Promise<T> }>();
  return {
    get(id: string, trusted = keptFor): Promise<T> {
      const known = kept.get(id);
      if (known && moment() - known.at < trusted) return known.answer;
      const entry = { at: moment(), answer: ask(id) };
      kept.set(id, entry);
      entry.answer.catch(() => {
        if (kept.get(id) === entry) kept.delete(id);
      });
      return entry.answer;
    },
    forget(id?: string): void {
      if (id === undefined) kept.clear();
      else kept.delete(id);
    },
  };
}

type Team = { team: string | undefined; enterprise: string | undefined; url: string };

async function colleagueOf(client: WebClient, id: string, home: () => Promise<Team>): Promise<SlackMember> {
  const [found, own] = await Promise.all([lookUp(client, id), home()]);
  if (found === 'no accounts here') return { name: id, account: 'member', app: false };
  const name = stripInvisible(found.profile?.real_name || found.real_name || '') || found.name || id;
  return { name, account: accountOf(found, own), app: found.is_bot === true || id === slackbot };
}

/** Slack's own bot, which its API calls a person. */
const slackbot = 'USLACKBOT';

type User = NonNullable<UsersInfoResponse['user']>;

/**
 * A stranger shares no channel with the bot, so `is_stranger` alone would miss people of another team who do: their team
 * tells. In an organisation of several workspaces (Enterprise Grid) its people are members of all of them.
 */
function accountOf(found: User, own: Team): Account {
  if (found.deleted) return 'deactivated';
  const elsewhere = found.team_id !== undefined && own.team !== undefined && found.team_id !== own.team;
  const sameOrganisation = own.enterprise && found.enterprise_user?.enterprise_id === own.enterprise;
  const foreign = found.is_stranger || (elsewhere && !sameOrganisation);
  return foreign || found.is_restricted || found.is_ultra_restricted ? 'external' : 'member';
}

async function lookUp(client: WebClient, user: string) {
  try {
    const { user: found } = await client.users.info({ user });
    if (!found) throw new Error('Slack accepted a question about a person without answering it');
    return found;
  } catch (error) {
    // A Slack API of another make (SLACK_API_URL) may know neither guests nor other teams; Slack's own always answers this.
    if (slackErrorCode(error) === 'unknown_method') return 'no accounts here' as const;
    throw error;
  }
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
