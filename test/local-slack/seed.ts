/** Whom and what a workspace starts with. Tests pass their own; the demo shows this one. */
import type { Channel, Group, Member } from './model.ts';

/** A command and what can follow it. */
export type CommandHint = { command: string; hint: string };

export type Seed = {
  team: { id: string; name: string; domain: string };
  /** The installed app: its bot user is a member like the others. */
  app: {
    id: string;
    botId: string;
    botUser: string;
    name: string;
    scopes: readonly string[];
    /** The slash commands of its manifest. Slack answers others itself. */
    commands: readonly CommandHint[];
    /** `messages_tab_read_only_enabled`: people cannot write to it. */
    readOnlyMessages: boolean;
  };
  members: Member[];
  groups: Group[];
  channels: Channel[];
};

/** The least that the bot asks for, with the histories it reads to reconcile lost answers, and its commands. */
export const SCOPES = [
  'commands',
  'chat:write',
  'im:write',
  'users:read',
  'users:read.email',
  'usergroups:read',
  'channels:read',
  'groups:read',
  'channels:history',
  'groups:history',
  'im:history',
] as const;

/** The commands of the app. */
export const COMMANDS: readonly CommandHint[] = [
  { command: '/register', hint: '[service]' },
  { command: '/unregister', hint: '' },
  { command: '/registrations', hint: '' },
];

const TEAM = 'T0ACME';
const BOT = 'U0REGISTRAR';

/** A person called `dana` is `U0DANA`, unless told otherwise. */
export function person(name: string, over: Partial<Member> = {}): Member {
  const realName = name.charAt(0).toUpperCase() + name.slice(1);
  return {
    id: `U0${name.toUpperCase()}`,
    name,
    realName,
    email: `${name}@acme.example`,
    title: '',
    deleted: false,
    isBot: false,
    isGuest: false,
    teamId: TEAM,
    ...over,
  };
}

export function channel(id: string, name: string, members: string[], over: Partial<Channel> = {}): Channel {
  return { id, name, topic: '', kind: 'public', members, archived: false, ...over };
}

export function group(id: string, handle: string, users: string[], over: Partial<Group> = {}): Group {
  return { id, handle, name: handle, users, ...over };
}

/** A team of five, with more of whatever a test adds. Added people are in `general`. */
export function seed(
  more: { members?: Member[]; groups?: Group[]; channels?: Channel[]; scopes?: string[]; commands?: string[] } = {},
): Seed {
  const people = [
    person('dana', { realName: 'Dana Reyes', title: 'Developer, Shop team' }),
    person('sam', { realName: 'Sam Okafor', title: 'Developer, Mobile team' }),
    person('alex', { realName: 'Alex Novak', title: 'API platform lead' }),
    person('priya', { realName: 'Priya Raman', title: 'Payments lead' }),
    person('lee', { realName: 'Lee Park', title: 'Security engineer' }),
    ...(more.members ?? []),
  ];
  const bot = person('registrar', { id: BOT, realName: 'Registrar', title: 'API access approvals', isBot: true });
  const everybody = people.filter((member) => !member.deleted).map((member) => member.id);
  return {
    team: { id: TEAM, name: 'Acme', domain: 'acme' },
    app: {
      id: 'A0REGISTRAR',
      botId: 'B0REGISTRAR',
      botUser: BOT,
      name: 'Registrar',
      scopes: more.scopes ?? SCOPES,
      commands: [...COMMANDS, ...(more.commands ?? []).map((command) => ({ command, hint: '' }))],
      readOnlyMessages: true,
    },
    members: [...people, bot],
    groups: [group('S0PAYMENTS', 'payments-leads', ['U0PRIYA'], { name: 'Payments leads' }), ...(more.groups ?? [])],
    channels: [
      channel('C0REQUESTS', 'api-requests', ['U0ALEX', 'U0PRIYA', BOT], {
        kind: 'private',
        topic: 'Requests for access to our APIs',
      }),
      channel('C0GENERAL', 'general', [...everybody, BOT], { topic: 'Everybody' }),
      ...(more.channels ?? []),
    ],
  };
}
