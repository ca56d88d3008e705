/**
 * The rows of the matrix: each method of Slack's that the bot calls, with an act that needs it, what a person reads
 * meanwhile, and what is there once Slack is well again.
 */

import { expect } from 'vitest';
import { enqueueSweep } from '../../../src/db/application/ownerless.ts';
import { connect } from '../../../src/db/client.ts';
import { createOutbox } from '../../../src/db/outbox/outbox.ts';
import type { StagedFault } from '../../local-slack/faults.ts';
import type { Fault } from '../../local-slack/model.ts';
import type { Person } from '../../local-slack/people.ts';
import { startsSlack } from './starting.ts';
import type { Story } from './story.ts';

type Args = Record<string, unknown>;

export type Act = {
  /** Which calls of the method are this act's. */
  when?: (args: Args) => boolean;
  /** Done while the fault stands. */
  act: () => Promise<unknown>;
  /** Done once more, when it has ended. */
  afterwards?: () => Promise<unknown>;
  /** What follows by itself: no user waits for it, and all else goes on meanwhile. */
  inTheEnd?: () => Promise<unknown>;
};

export type Row = {
  method: string;
  /** Error codes for what stays as it is until a human resolves it. */
  words: string[];
  /** Makes all ready while Slack is well. */
  ready: (story: Story, fault: Fault) => Promise<Act>;
};

const requests = { in: 'api-requests' };
const atHome = { in: 'home' };
const says = (text: string) => (args: Args) => JSON.stringify(args).includes(text);
const to =
  (channel: string, text = '') =>
  (args: Args) =>
    args.channel === channel && says(text)(args);
const cardOf = (application: string) => ({ ...requests, on: new RegExp(` for ${application}`) });
/** On a busy machine the bot's own patience ends first, and it says so. */
const unsure = /Slack didn’t say who can do this\. Nothing was changed|Registrar is slow just now|Still working/;

/** Slack does not say who can decide: no, with a word to try again; and then yes. */
async function undecided(story: Story, service: string): Promise<Act> {
  const application = await story.requested(service);
  await story.passes(2);
  const approves = () => story.priya.clicks('Approve', cardOf(application));
  return {
    act: async () => expect(await story.answered(story.priya, approves)).toMatch(unsure),
    afterwards: async () => {
      await approves();
      await story.priya.finds(new RegExp(` for ${application}[\\s\\S]*Approved by @priya`), requests);
    },
  };
}

/** An admin edits the service that is kept in Slack: it goes to the other of two channels. */
async function editing({ priya, workspace }: Story): Promise<void> {
  await priya.opensHome();
  await priya.finds(/`maps`/, atHome);
  await priya.clicks('Edit', { ...atHome, on: /`maps`/ });
  const form = await priya.finds(/Edit a service/, { in: 'modal' });
  await priya.picks('Approval channel', /#maps/.test(form) ? 'api-requests' : 'maps');
  await workspace.until(() => workspace.views(priya.id).length === 1);
}

/** Has the form say who would be asked: on a busy machine that may take a second try. */
async function reviewed({ priya }: Story): Promise<void> {
  for (let tries = 0; tries < 5 && !/Nothing is saved yet/.test(priya.reads); tries += 1) await priya.submits();
}

/** Saves what was reviewed. On a busy machine the form says that it takes longer, and how it ended. */
async function saves({ priya, workspace }: Story): Promise<void> {
  await priya.submits();
  await workspace.until(() => workspace.views(priya.id).length === 0 || /Done/.test(priya.reads));
  await closeAll({ workspace }, priya);
}

async function closeAll({ workspace }: Pick<Story, 'workspace'>, person: Person): Promise<void> {
  for (const view of workspace.views(person.id).toReversed()) await workspace.close(person.id, view.id);
}

/** An attempt whose end is unknown comes before: then Slack is asked whether the message is there. */
const unknownEnd = (story: Story, fault: Fault, when: (args: Args) => boolean): StagedFault =>
  story.workspace.fail(
    'chat.postMessage',
    { kind: fault.kind === 'error' ? 'server-error' : 'accept-then-drop' },
    { when },
  );

/** What Slack says is gone is gone, and what it says is another app's is no card of this bot. */
const saysGone = (fault: Fault): boolean =>
  fault.kind === 'error' && ['message_not_found', 'cant_update_message'].includes(fault.error);

const channelWords = ['channel_not_found', 'not_in_channel', 'is_archived', 'invalid_auth'];

export const rows: Row[] = [
  {
    method: 'conversations.members',
    words: ['channel_not_found', 'invalid_auth'],
    ready: (story) => undecided(story, 'Payments API'),
  },
  {
    method: 'usergroups.users.list',
    words: ['no_such_subteam', 'missing_scope', 'invalid_auth'],
    ready: (story) => undecided(story, 'Leads API'),
  },
  {
    method: 'users.info',
    words: ['user_not_found', 'invalid_auth'],
    async ready(story) {
      const { dana } = story;
      await story.fills(dana, 'Payments API');
      await story.passes(2);
      return {
        act: async () => {
          await story.answered(dana, () => dana.submits());
          expect(dana.reads).toMatch(unsure);
        },
        afterwards: async () => {
          await dana.submits();
          await dana.finds(/under review/, { in: 'modal' });
          await dana.closes();
        },
      };
    },
  },
  {
    method: 'usergroups.list',
    words: ['missing_scope', 'invalid_auth'],
    async ready(story) {
      const { priya } = story;
      await priya.opensHome();
      await priya.finds(/`maps`/, atHome);
      await story.passes(2);
      return {
        act: async () => {
          await story.answered(priya, () => priya.clicks('Edit', { ...atHome, on: /`maps`/ }));
          await priya.finds(/Edit a service[\s\S]*S0PAYMENTS/, { in: 'modal' });
          await closeAll(story, priya);
        },
        afterwards: async () => {
          await priya.clicks('Edit', { ...atHome, on: /`maps`/ });
          await priya.finds(/Edit a service[\s\S]*@payments-leads/, { in: 'modal' });
          await closeAll(story, priya);
        },
      };
    },
  },
  {
    method: 'conversations.info',
    words: ['channel_not_found', 'missing_scope', 'invalid_auth'],
    async ready(story) {
      const { priya } = story;
      await editing(story);
      return {
        act: async () => {
          await story.answered(priya, () => priya.submits());
          expect(priya.reads).toMatch(/Nothing is saved\. Press the button again|Registrar can’t see this channel/);
        },
        afterwards: async () => {
          await reviewed(story);
          await saves(story);
        },
      };
    },
  },
  {
    method: 'chat.delete',
    words: ['message_not_found', 'cant_delete_message', 'channel_not_found', 'invalid_auth'],
    async ready(story, fault) {
      const standing = () =>
        story.workspace.messages('api-requests').filter(({ text }) => /waiting for a decision/.test(text));
      await story.requested();
      await story.passes(125);
      await story.scenario.bot.runDueJobs();
      const [before] = await story.workspace.until(() => standing().length > 0 && standing());
      await story.requested();
      await story.passes(125);
      return {
        when: to('C0REQUESTS'),
        act: async () => {
          if (saysGone(fault)) await story.workspace.deleteMessage('api-requests', before?.ts ?? '');
          await story.scenario.bot.runDueJobs();
        },
        inTheEnd: async () => {
          await story.workspace.until(() => standing().some(({ ts }) => ts !== before?.ts));
          expect(standing()).toHaveLength(1);
        },
      };
    },
  },
  {
    method: 'chat.getPermalink',
    words: ['channel_not_found', 'message_not_found', 'invalid_auth'],
    async ready(story) {
      const { priya, sam, alex } = story;
      const [service] = await story.scenario.database.sql`select channel from services where slug = 'maps'`;
      const [before, next] = service?.channel === 'C0MAPS' ? ['maps', 'api-requests'] : ['api-requests', 'maps'];
      const application = await story.requested('Maps API', sam, before);
      await editing(story);
      return {
        act: async () => {
          await story.answered(priya, () => priya.submits());
          await priya.finds(/Nothing is saved yet/, { in: 'modal' });
          await saves(story);
          // The next cell moves the service back: a card that is not gone by then stays.
          await alex.finds(new RegExp(` for ${application}`), { in: next });
        },
        inTheEnd: () => alex.finds(/has moved/, { in: before }),
      };
    },
  },
  {
    method: 'views.open',
    words: ['expired_trigger_id', 'invalid_auth'],
    async ready(story) {
      const { sam } = story;
      return {
        act: async () => {
          await story.answered(sam, () => sam.types('/register'));
          await closeAll(story, sam);
        },
        afterwards: async () => {
          await sam.types('/register');
          await sam.closes();
        },
      };
    },
  },
  {
    method: 'views.update',
    words: ['not_found', 'invalid_auth'],
    async ready(story) {
      const { alex } = story;
      await alex.opensHome();
      await alex.finds(/`maps`/, atHome);
      await alex.clicks('History', { ...atHome, on: /`maps`/ });
      await alex.finds(/History of a service/, { in: 'modal' });
      return {
        act: async () => {
          await story.answered(alex, () => alex.clicks('Older'));
          await closeAll(story, alex);
        },
        afterwards: async () => {
          await alex.clicks('History', { ...atHome, on: /`maps`/ });
          await alex.finds(/History of a service/, { in: 'modal' });
          const { hash } = alex.view;
          await alex.clicks('Older');
          await story.workspace.until(() => alex.view.hash !== hash);
          await closeAll(story, alex);
        },
      };
    },
  },
  {
    method: 'response_url',
    words: ['expired_url'],
    async ready(story) {
      const { lee } = story;
      const none = /no applications/;
      return {
        act: async () => expect(await story.answered(lee, () => lee.types('/registrations'))).toMatch(none),
        afterwards: async () => expect(await story.answered(lee, () => lee.types('/registrations'))).toMatch(none),
      };
    },
  },
  {
    method: 'views.publish',
    words: ['user_not_found', 'not_enabled', 'invalid_auth'],
    async ready(story) {
      const { lee } = story;
      return {
        when: ({ user_id }) => user_id === lee.id,
        act: () => lee.opensHome(),
        afterwards: async () => {
          await lee.opensHome();
          await lee.finds(/no applications yet/, atHome);
        },
      };
    },
  },
  {
    method: 'chat.postMessage',
    words: [...channelWords, 'restricted_action'],
    async ready(story) {
      const { dana, alex } = story;
      const { service, channel } = story.away();
      const application = await story.fills(dana, service);
      return {
        when: to(story.workspace.channel(channel).id, application),
        act: async () => {
          await story.answered(dana, () => dana.submits());
          await dana.finds(/under review/, { in: 'modal' });
          await dana.closes();
        },
        inTheEnd: () => alex.finds(new RegExp(` for ${application}`), { in: channel }),
      };
    },
  },
  {
    method: 'chat.postMessage',
    words: ['user_not_found', 'channel_not_found', 'messages_tab_disabled', 'invalid_auth'],
    async ready(story) {
      const { sam, alex } = story;
      const application = await story.requested('Payments API', sam);
      await sam.finds(new RegExp(`You sent a request[\\s\\S]*${application}`));
      return {
        when: to(sam.id, application),
        act: async () => {
          await alex.clicks('Approve', cardOf(application));
        },
        inTheEnd: () => sam.finds(new RegExp(`Approved by @alex[\\s\\S]*${application}`)),
      };
    },
  },
  {
    method: 'chat.update',
    words: ['message_not_found', ...channelWords, 'is_inactive', 'cant_update_message'],
    async ready(story, fault) {
      const { alex, workspace } = story;
      const { service, channel } = story.away();
      const application = await story.requested(service, story.dana, channel);
      return {
        when: says(application),
        act: async () => {
          await alex.clicks('Approve', { in: channel });
          if (!saysGone(fault)) return;
          const card = workspace.messages(channel).find(says(application));
          await workspace.deleteMessage(channel, card?.ts ?? '');
        },
        inTheEnd: () => alex.finds(new RegExp(` for ${application}[\\s\\S]*Approved by @alex`), { in: channel }),
      };
    },
  },
  {
    method: 'conversations.open',
    words: ['user_not_found', 'missing_scope', 'invalid_auth'],
    async ready(story, fault) {
      const { sam, alex } = story;
      const application = await story.requested('Payments API', sam);
      unknownEnd(story, fault, to(sam.id, application));
      return {
        act: async () => {
          await alex.clicks('Approve', cardOf(application));
        },
        inTheEnd: () => sam.finds(new RegExp(`Approved by @alex[\\s\\S]*${application}`)),
      };
    },
  },
  {
    method: 'conversations.history',
    words: ['channel_not_found', 'not_in_channel', 'invalid_auth'],
    async ready(story, fault) {
      const { dana } = story;
      const application = await story.fills(dana, 'Payments API');
      unknownEnd(story, fault, to('C0REQUESTS', application));
      return {
        act: async () => {
          await story.answered(dana, () => dana.submits());
          await dana.closes();
        },
        inTheEnd: () => story.alex.finds(new RegExp(` for ${application}`), requests),
      };
    },
  },
  {
    method: 'conversations.replies',
    words: ['channel_not_found', 'thread_not_found', 'invalid_auth'],
    async ready(story, fault) {
      const { alex } = story;
      const application = await story.requested();
      await alex.clicks('Approve', cardOf(application));
      await alex.finds(new RegExp(` for ${application}[\\s\\S]*Approved by @alex`), requests);
      unknownEnd(story, fault, (args) => args.thread_ts !== undefined && says(application)(args));
      return {
        act: () => alex.clicks('Delete request', cardOf(application)),
        inTheEnd: () => alex.finds(new RegExp(`${application} no longer has access to Payments API`), requests),
      };
    },
  },
  {
    method: 'users.list',
    words: ['invalid_auth'],
    async ready(story) {
      return {
        act: async () => {
          const client = connect(story.scenario.database.url);
          await enqueueSweep({ tables: client.tables, outbox: createOutbox() });
          await client.close();
        },
        // That it ends well is seen by the empty outbox.
        inTheEnd: async () => {},
      };
    },
  },
  { method: 'auth.test', words: ['invalid_auth', 'account_inactive'], ready: startsSlack },
  { method: 'apps.connections.open', words: ['invalid_auth', 'internal_error'], ready: startsSlack },
];
