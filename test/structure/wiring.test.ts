/** Manifests, listeners and views agree: every command, event, button and picker is declared, heard and drawn. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it, vi } from 'vitest';
import { registerListeners } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { type Registration, statuses } from '../../src/domain/registration.ts';
import { createHttpClient } from '../../src/http-client.ts';
import { createLog } from '../../src/observability/log.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { parseCron } from '../../src/scheduler/cron.ts';
import { createDirectory } from '../../src/slack/directory.ts';
import { createSlack } from '../../src/slack/slack.ts';
import {
  deleteApplicationModal,
  leaveModal,
  newApplicationModal,
  renameModal,
} from '../../src/views/application/forms.ts';
import { ownerlessMessage } from '../../src/views/application/messages.ts';
import { assignOwnerModal, handOverModal, ownersModal } from '../../src/views/application/owner-forms.ts';
import { reminderMessage } from '../../src/views/channel/reminder.ts';
import { homeView } from '../../src/views/home/home.ts';
import { approverMessage } from '../../src/views/registration/approver-message.ts';
import { requestCard } from '../../src/views/registration/card.ts';
import { decisionMessage } from '../../src/views/registration/decision-message.ts';
import { deleteRequestModal } from '../../src/views/registration/forms/delete-modal.ts';
import { editModal } from '../../src/views/registration/forms/edit-reason-modal.ts';
import { reasonModal } from '../../src/views/registration/forms/reason-modal.ts';
import { historyModal } from '../../src/views/registration/history-modal.ts';
import { keysModal } from '../../src/views/registration/keys.ts';
import { registrationList } from '../../src/views/registration/list.ts';
import { pendingMessage } from '../../src/views/registration/pending-message.ts';
import { registerModal } from '../../src/views/registration/register-modal.ts';
import { unregisterModal } from '../../src/views/registration/unregister-modal.ts';
import { confirmChangeModal } from '../../src/views/service/confirm-change.ts';
import { serviceHistoryModal } from '../../src/views/service/history-modal.ts';
import { serviceModal } from '../../src/views/service/modal.ts';
import { seed } from '../local-slack/seed.ts';

const read = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
const manifests = { 'socket-mode': read('../../manifests/socket-mode.json'), http: read('../../manifests/http.json') };

/** Lists what the bot listens to, as it tells Bolt. Nothing is connected: no token is checked, no statement sent. */
function heard() {
  const config = readConfig({
    SLACK_BOT_TOKEN: 'xoxb-1',
    SLACK_SIGNING_SECRET: 'signing-secret',
    ADMIN_CHANNEL: 'C0ADMIN',
  });
  if (!config.ok) throw new Error('the configuration of this test is wrong');
  const log = createLog('silent');
  const now = () => new Date();
  const metrics = createMetrics(() => undefined, now);
  const { app, client, poster } = createSlack(config.config, log, metrics, createHttpClient(), async () => 1);
  const spies = {
    commands: vi.spyOn(app, 'command'),
    actions: vi.spyOn(app, 'action'),
    pickers: vi.spyOn(app, 'options'),
    views: vi.spyOn(app, 'view'),
    events: vi.spyOn(app, 'event'),
  };
  const nowhere = 'postgres://127.0.0.1:1/none';
  const db = { tables: connect(nowhere).tables, outbox: createOutbox() };
  const directory = createDirectory(client, now, log);
  const schedule = parseCron('0 9 * * 1-5', 'UTC');
  const quiet = async () => {};
  registerListeners(app, {
    config: config.config,
    db,
    poster,
    yieldToInteractive: quiet,
    directory,
    gateways: new Map(),
    mailer: undefined,
    metrics,
    schedule,
    now,
    log,
  });
  const named = (calls: unknown[][]) => calls.map(([name]) => String(name)).sort();
  return {
    commands: named(spies.commands.mock.calls),
    actions: named(spies.actions.mock.calls),
    pickers: named(spies.pickers.mock.calls),
    views: named(spies.views.mock.calls),
    events: named(spies.events.mock.calls),
  };
}

const publicId = '00000000-0000-4000-8000-000000000001';

const names = { service: 'Payments API', application: 'Shop', requester: 'U0DANA' };

const registration = (status: Registration['status']): Registration => ({
  id: 1,
  publicId,
  version: 2,
  status,
  service: { name: 'Payments API', description: '', docs: null, state: 'open' as const },
  application: 'Shop',
  owners: ['U0DANA'],
  applicationDeleted: false,
  askedAgain: false,
  requester: 'U0DANA',
  reason: 'why',
  requestedAt: new Date(0),
  approvers: { users: [], groups: [], channel: 'C0ADMIN' },
  history: [],
  otherServices: [],
  previousRequests: [],
  access: null,
});

const application = { id: 1, publicId, name: 'Shop', version: 1, owners: ['U0DANA', 'U0SAM'], deleted: false };

const modals = [
  newApplicationModal(),
  renameModal(application),
  ownersModal(application, 'U0DANA'),
  handOverModal(application),
  leaveModal(application),
  deleteApplicationModal(application, { unregistrable: 3, revoked: 1 }),
  assignOwnerModal(application),
  registerModal(),
  unregisterModal(),
  reasonModal('approve', { publicId, seen: 1 }, names),
  reasonModal('reject', { publicId, seen: 1 }, names),
  reasonModal('revoke', { publicId, seen: 1 }, names),
  editModal({ publicId, seen: 1 }, names, 'why'),
  deleteRequestModal({ publicId, seen: 1 }, names, 'approved'),
  confirmChangeModal(
    'retire',
    { publicId, version: 1, name: 'Payments API', access: { gateway: 'edge', group: 'payments', credential: 'key' } },
    { pending: 1, approved: 2 },
  ),
  serviceModal({ remembers: '', adding: true, typed: {}, groups: [], gateways: [{ name: 'edge', kind: 'kong' }] }),
];

/** A Home with everything that a Home can have. */
const fullHome = homeView(
  {
    held: {
      rows: [
        {
          applicationId: 1,
          applicationPublicId: publicId,
          application: 'Shop',
          owners: ['U0DANA'],
          registration: {
            id: 1,
            publicId,
            version: 1,
            status: 'pending',
            since: new Date(0),
            mine: true,
            access: { kind: 'open', gateway: 'edge', since: new Date(0), keys: 'r' },
            message: undefined,
            card: 'https://acme.slack.com/archives/C0ADMIN/p1',
          },
          service: {
            name: 'Payments API',
            docs: null,
            approvers: { users: [], groups: [], channel: 'C0ADMIN' },
            state: 'open',
          },
        },
      ],
      page: 2,
      pages: 3,
      total: 75,
    },
    waiting: {
      rows: [{ ...registration('pending'), service: 'Payments API', cardChannel: null, state: 'open' }],
      page: 2,
      pages: 3,
      total: 45,
      filter: { active: true, service: undefined, search: 'shop' },
    },
    catalog: {
      admin: true,
      usual: { users: [], groups: [], channel: 'C0ADMIN' },
      rows: [
        {
          id: 1,
          publicId,
          version: 1,
          slug: 'payments',
          name: 'Payments API',
          description: '',
          docs: null,
          registrationEnabled: true,
          autoApprove: false,
          channel: null,
          approvers: [],
          access: null,
          retired: false,
          managedBy: 'slack',
          asked: { users: [], groups: [], channel: 'C0ADMIN' },
        },
      ],
      page: 2,
      pages: 3,
      total: 25,
      search: 'pay',
    },
    unsure: true,
  },
  new Date(0),
);

const entry = { version: 2, actor: null, action: 'expire', from: 'pending', to: 'expired', reason: null } as const;
const waits = {
  ...registration('pending'),
  service: 'Payments API',
  called: 'dana',
  link: undefined,
  state: 'open' as const,
  owned: true,
};

/** What is said outside the card, with all of its buttons. */
const told = [
  decisionMessage([{ registration: registration('expired'), entry: { ...entry, at: new Date(0) } }]),
  reminderMessage(
    [{ ...waits, elsewhere: undefined, expires: undefined, snoozed: undefined }],
    1,
    { users: [], groups: [] },
    new Date(0),
  ),
  pendingMessage([{ ...waits, reminded: waits.approvers }], [], 1),
  approverMessage(registration('pending'), { able: true, home: 'slack://app' }),
];

/** Every element with an action_id in a drawn view, by what kind it is. */
function drawn(views: unknown[], kinds: RegExp): string[] {
  const found = new Set<string>();
  JSON.stringify(views, (_, value) => {
    if (typeof value?.action_id === 'string' && kinds.test(value.type)) found.add(value.action_id);
    return value;
  });
  return [...found].sort();
}

type Manifest = (typeof manifests)[keyof typeof manifests];

describe.each(Object.entries(manifests))('the manifest %s', (mode, manifest: Manifest) => {
  const schema = new URL('../../../shared/design/slack-manifest.schema.1.0.0.json', import.meta.url);
  it.skipIf(!existsSync(schema))("holds against Slack's schema (skipped where the schema is not at hand)", () => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const valid = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')));
    expect(valid(manifest), JSON.stringify(valid.errors)).toBe(true);
  });

  it('declares the commands and events that have listeners, and no others', () => {
    const listeners = heard();
    const commands = manifest.features.slash_commands.map(({ command }: { command: string }) => command).sort();
    expect(commands).toEqual(listeners.commands);
    expect([...manifest.settings.event_subscriptions.bot_events].sort()).toEqual(listeners.events);
  });

  it('says how Slack reaches the bot', () => {
    const socket = mode === 'socket-mode';
    expect(manifest.settings.socket_mode_enabled).toBe(socket);
    expect(JSON.stringify(manifest).includes('/slack/events')).toBe(!socket);
    expect(manifest.settings.interactivity.is_enabled).toBe(true);
    expect(manifest.features.app_home.messages_tab_enabled).toBe(true);
    expect(manifest.features.app_home.home_tab_enabled).toBe(true);
  });

  it('requests the scopes that its commands, events and calls need, and no others', () => {
    const needed = new Set(['commands', ...manifest.settings.event_subscriptions.bot_events.flatMap(scopesOfEvent)]);
    for (const method of called()) for (const scope of scopesOfMethod(method)) needed.add(scope);
    expect([...manifest.oauth_config.scopes.bot].sort()).toEqual([...needed].sort());
  });
});

it('the local Slack has the app that the manifest describes', () => {
  const { features, oauth_config: oauth } = manifests['socket-mode'];
  type Declared = { command: string; usage_hint?: string };
  const commands = features.slash_commands.map(({ command, usage_hint: hint = '' }: Declared) => ({ command, hint }));
  expect(seed().app).toMatchObject({ commands, readOnlyMessages: features.app_home.messages_tab_read_only_enabled });
  expect([...seed().app.scopes].sort()).toEqual([...oauth.scopes.bot].sort());
});

it('the two manifests differ only in the transport', () => {
  const withoutWay = (manifest: Manifest) =>
    JSON.parse(JSON.stringify(manifest), (key, value) => (/url$|socket_mode_enabled/.test(key) ? undefined : value));
  expect(withoutWay(manifests.http)).toEqual(withoutWay(manifests['socket-mode']));
});

const cards = statuses.map((status) => requestCard(registration(status)));
const event = { at: new Date(0), registration: 0, version: 1 };
const change = { ...event, actor: null, before: null, after: {} };
const services = { publicId, service: 'Payments API', events: [{ ...event, change }], newest: false, older: true };
const page = { publicId, from: 50, latest: 90, service: 'Payments API', application: 'Shop', entries: [] };
const asked = ownerlessMessage([{ ...page, version: 1, left: 'U0DANA', since: new Date(0), adopted: null }]);
const pages = [historyModal(page), serviceHistoryModal(services)];

it('every button has a listener, and every listener has a button', () => {
  const open = { kind: 'open', gateway: 'edge', since: new Date(0), keys: 'r' } as const;
  const held = { id: 1, status: 'approved', since: new Date(0), access: open } as const;
  const row = { applicationId: 1, application: 'Shop', registration: held, service: { name: 'Payments API' } };
  const list = registrationList({ rows: [row], page: 1, pages: 1, total: 1 });
  const key = { id: 'k', lastFour: 'abcd', madeBy: 'U0DANA', madeAt: new Date(0), shown: true };
  const place = { application: 'Shop', gateway: 'edge', registration: 'r' };
  const keyModals = [keysModal({ ...place, keys: [key] }), keysModal({ ...place, keys: [key, key] })];
  // On Home the fields tell of themselves; in a modal they wait for the submission, but for those that are checked before.
  const telling = modals.flatMap(({ blocks }) =>
    blocks.filter((block) => 'dispatch_action' in block && block.dispatch_action === true),
  );
  const fields = drawn([fullHome, list, ...telling], /select|input/);
  const pressed = drawn([...cards, ...told, asked, ...pages, ...keyModals, fullHome], /button|overflow/);
  expect([...pressed, ...fields].sort()).toEqual(heard().actions);
});

it('what buttons, options and forms carry names things by their public id, and never by a number', () => {
  const service = { publicId, slug: 'payments', name: 'Payments API', description: '', registrationEnabled: true };
  const filled = registerModal({ preselected: service, application: { publicId, name: 'Shop' } });
  const carried: string[] = [];
  JSON.stringify([...cards, ...told, asked, ...pages, fullHome, ...modals, filled], (_, value) => {
    const turnsPages = /^home-.*-(previous|next)$/.test(value?.action_id ?? '');
    for (const field of ['value', 'private_metadata'])
      if (typeof value?.[field] === 'string' && !turnsPages) carried.push(value[field]);
    return value;
  });
  expect(carried.filter((value) => value.includes(publicId)).length).toBeGreaterThan(40);
  const named = (value: string) => value.includes(publicId) || !/(^|\W)\d+(@|$)/.test(value);
  expect(carried.filter((value) => !named(value))).toEqual([]);
});

it('every picker has options, and every form a listener', () => {
  const listeners = heard();
  expect(drawn([...modals, fullHome], /external_select/)).toEqual(listeners.pickers);
  expect(modals.map(({ callback_id }) => callback_id).sort()).toEqual(listeners.views);
});

/** The Web API methods that the source calls. */
function called(): string[] {
  const root = new URL('../../src/', import.meta.url).pathname;
  const source = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  const calls = source.matchAll(
    /\b(?:client|poster)\.((?:chat|conversations|usergroups|users|views|files|team|bots)(?:\.\w+)+)\(/g,
  );
  return [...new Set([...calls].map(([, method = '']) => method))].sort();
}

/** Slack's reference, method by method: https://docs.slack.dev/reference/methods. */
const methodScopes: Record<string, string[]> = {
  'chat.delete': ['chat:write'],
  'chat.getPermalink': [],
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.history': ['channels:history', 'groups:history', 'im:history'],
  'conversations.info': ['channels:read', 'groups:read'],
  'conversations.members': ['channels:read', 'groups:read'],
  'conversations.open': ['im:write'],
  'conversations.replies': ['channels:history', 'groups:history', 'im:history'],
  'usergroups.list': ['usergroups:read'],
  'usergroups.users.list': ['usergroups:read'],
  'bots.info': ['users:read'],
  'users.info': ['users:read', 'users:read.email'],
  'users.list': ['users:read'],
  'views.open': [],
  'views.publish': [],
  'views.update': [],
};

function scopesOfMethod(method: string): string[] {
  const scopes = methodScopes[method];
  if (!scopes) throw new Error(`${method} is called: say here which scopes it needs`);
  return scopes;
}

/** https://docs.slack.dev/reference/events. */
const eventScopes: Record<string, string[]> = {
  app_home_opened: [],
  channel_id_changed: ['groups:read'],
  channel_unarchive: ['channels:read'],
  group_unarchive: ['groups:read'],
  member_joined_channel: ['channels:read', 'groups:read'],
  member_left_channel: ['channels:read', 'groups:read'],
  subteam_members_changed: ['usergroups:read'],
  subteam_updated: ['usergroups:read'],
  user_change: ['users:read'],
};

function scopesOfEvent(event: string): string[] {
  const scopes = eventScopes[event];
  if (!scopes) throw new Error(`${event} is subscribed to: say here which scopes it needs`);
  return scopes;
}
