/**
 * Looks up members, user groups and channels. Results are cached for a minute, and invalidated when Slack reports a change
 * (features/workspace-events.ts).
 */
import type { UsersInfoResponse, WebClient } from '@slack/web-api';
import type { Account, Memberships, SlackMember } from '../domain/authorization.ts';
import { stripInvisible } from '../domain/names.ts';
import type { Log } from '../observability/log.ts';
import { isRefusal, slackErrorCode } from './errors.ts';

export type Directory = {
  /**
   * Looks up a user, from the cache where it is at most `maxAge` milliseconds old; undefined where Slack does not know the
   * ID. Rejects on an outage.
   */
  member(userId: string, maxAge?: number): Promise<SlackMember | undefined>;
  /** Looks up a user's kind of account; undefined where Slack did not answer. */
  account(userId: string): Promise<Account | undefined>;
  /** Looks up a user's account and membership in each group and channel. What Slack did not answer is left out. */
  memberships(userId: string, ids: string[]): Promise<Memberships>;
  /** Lists the members of these groups and channels. One that Slack does not know is empty. Rejects on an outage. */
  members(ids: string[]): Promise<string[]>;
  /** Tells whether a user can see a channel: a public one, or one that they are in. What Slack does not say counts as no. */
  canSee(userId: string, channel: string): Promise<boolean>;
  /** Returns the workspace's web address. */
  workspaceUrl(): Promise<string>;
  /**
   * Returns the links that open the app for anybody: its Home in a Slack client, and the app in a browser. Undefined where
   * Slack does not say which app the bot is.
   */
  appLinks(): Promise<AppLinks>;
  /** Drops what is cached about a user, group or channel; without an ID, everything. */
  invalidate(id?: string): void;
};

export type AppLinks = { home: string | undefined; web: string | undefined };

/** In milliseconds. Slack allows 20 looks at user groups a minute (https://docs.slack.dev/apis/web-api/rate-limits). */
const cacheTtl = 60_000;

export function createDirectory(client: WebClient, now: () => Date, log: Log): Directory {
  const time = () => now().getTime();
  const memberSets = ttlCache((id) => (id.startsWith('S') ? groupMembers(id) : channelMembers(client, id)), time);
  const enabledGroups = ttlCache(() => listEnabledGroups(client), time);
  const users = ttlCache((id) => loadMember(client, id, ownTeam), time);
  const privacy = ttlCache(async (id) => (await client.conversations.info({ channel: id })).channel?.is_private, time);
  let cachedTeam: Promise<Team> | undefined;

  /** Looks up the bot's own team, which never changes. */
  function ownTeam(): Promise<Team> {
    cachedTeam ??= client.auth.test().then(async ({ team_id, enterprise_id, url = '', bot_id, ...more }) => ({
      team: team_id,
      enterprise: enterprise_id,
      url,
      app: 'app_id' in more ? String(more.app_id) : await appOf(client, bot_id),
    }));
    cachedTeam.catch(() => {
      cachedTeam = undefined;
    });
    return cachedTeam;
  }

  /** Lists the members of a user group. One that is disabled has none, even where Slack still lists some. */
  async function groupMembers(usergroup: string): Promise<Set<string>> {
    const [{ users: members = [] }, enabled] = await Promise.all([
      client.usergroups.users.list({ usergroup }),
      enabledGroups.get(''),
    ]);
    return new Set(enabled === 'unsupported' || enabled.has(usergroup) ? members : []);
  }

  async function account(userId: string): Promise<Account | undefined> {
    try {
      return (await users.get(userId)).account;
    } catch (error) {
      log.warn({ err: error, id: userId }, 'account could not be looked up, treated as unknown');
      return undefined;
    }
  }

  return {
    account,
    async member(userId, maxAge) {
      try {
        return await users.get(userId, maxAge);
      } catch (error) {
        if (['user_not_found', 'user_not_visible'].includes(slackErrorCode(error) ?? '')) return undefined;
        throw error;
      }
    },
    async memberships(userId, ids) {
      const of = new Map<string, boolean>();
      const lookups = ids.map(async (id) => {
        try {
          of.set(id, (await memberSets.get(id)).has(userId));
        } catch (error) {
          log.warn({ err: error, id }, 'members could not be looked up, membership treated as unknown');
        }
      });
      const [found] = await Promise.all([account(userId), ...lookups]);
      return { account: found, of };
    },
    async members(ids) {
      const lookups = ids.map(async (id) => {
        try {
          return await memberSets.get(id);
        } catch (error) {
          // An outage passes: the delivery that asked is retried.
          if (!isRefusal(error)) throw error;
          log.warn({ err: error, id }, 'Slack does not show the group or channel, treated as empty');
          return [];
        }
      });
      return (await Promise.all(lookups)).flatMap((members) => [...members]);
    },
    async canSee(userId, channel) {
      try {
        return (await privacy.get(channel)) === false || (await memberSets.get(channel)).has(userId);
      } catch (error) {
        log.warn({ err: error, id: channel }, 'channel could not be looked up, treated as one that users cannot see');
        return false;
      }
    },
    workspaceUrl: async () => (await ownTeam()).url,
    async appLinks() {
      const { team = '', app, url } = await ownTeam();
      if (!app) return { home: undefined, web: undefined };
      // Both forms are from https://docs.slack.dev/interactivity/deep-linking.
      const home = `slack://app?team=${encodeURIComponent(team)}&id=${encodeURIComponent(app)}&tab=home`;
      return { home, web: new URL(`app_redirect?app=${encodeURIComponent(app)}`, url).href };
    },
    invalidate: (id) => {
      enabledGroups.invalidate();
      memberSets.invalidate(id);
      users.invalidate(id);
      privacy.invalidate(id);
    },
  };
}

/** Caches what `load` resolves to, by ID. Failures are not cached. */
function ttlCache<T>(load: (id: string) => Promise<T>, time: () => number) {
  const entries = new Map<string, { at: number; value: Promise<T> }>();
  return {
    get(id: string, maxAge = cacheTtl): Promise<T> {
      const cached = entries.get(id);
      if (cached && time() - cached.at < maxAge) return cached.value;
      const entry = { at: time(), value: load(id) };
      entries.set(id, entry);
      entry.value.catch(() => {
        if (entries.get(id) === entry) entries.delete(id);
      });
      return entry.value;
    },
    invalidate(id?: string): void {
      if (id === undefined) entries.clear();
      else entries.delete(id);
    },
  };
}

type Team = { team: string | undefined; enterprise: string | undefined; url: string; app: string | undefined };

/** Looks up which app a bot belongs to; undefined where Slack does not say. */
async function appOf(client: WebClient, bot: string | undefined): Promise<string | undefined> {
  if (!bot) return undefined;
  try {
    return (await client.bots.info({ bot })).bot?.app_id;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

async function loadMember(client: WebClient, id: string, ownTeam: () => Promise<Team>): Promise<SlackMember> {
  const [found, own] = await Promise.all([loadUser(client, id), ownTeam()]);
  if (found === 'unsupported') return { name: id, title: '', account: 'member', app: false };
  const name = stripInvisible(found.profile?.real_name || found.real_name || '') || found.name || id;
  const title = stripInvisible(found.profile?.title ?? '').trim();
  return { name, title, account: accountOf(found, own), app: found.is_bot === true || id === slackbot };
}

/** Slackbot's user ID. The API returns it as a person, with `is_bot` false. */
const slackbot = 'USLACKBOT';

type User = NonNullable<UsersInfoResponse['user']>;

/**
 * Classifies an account. `is_stranger` is not enough: it is only set for people of another team who share no channel with
 * the bot, so the team is compared as well. Members of an Enterprise Grid organization are members of all its workspaces.
 */
function accountOf(found: User, own: Team): Account {
  if (found.deleted) return 'deactivated';
  const elsewhere = found.team_id !== undefined && own.team !== undefined && found.team_id !== own.team;
  const sameOrganization = own.enterprise && found.enterprise_user?.enterprise_id === own.enterprise;
  const foreign = found.is_stranger || (elsewhere && !sameOrganization);
  return foreign || found.is_restricted || found.is_ultra_restricted ? 'external' : 'member';
}

async function loadUser(client: WebClient, user: string) {
  try {
    const { user: found } = await client.users.info({ user });
    if (!found) throw new Error('users.info returned no user');
    return found;
  } catch (error) {
    // Another implementation of the API (SLACK_API_URL) may know neither guests nor other teams; Slack always has this method.
    if (slackErrorCode(error) === 'unknown_method') return 'unsupported' as const;
    throw error;
  }
}

async function listEnabledGroups(client: WebClient): Promise<Set<string> | 'unsupported'> {
  try {
    const { usergroups = [] } = await client.usergroups.list({ include_disabled: false });
    return new Set(usergroups.flatMap(({ id, date_delete }) => (id && !date_delete ? [id] : [])));
  } catch (error) {
    // Another implementation of the API (SLACK_API_URL) may not have it; Slack always does.
    if (slackErrorCode(error) === 'unknown_method') return 'unsupported';
    throw error;
  }
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
