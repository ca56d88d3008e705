/** A story in which everything is told: each kind of message is posted, and what people type is in each field. */
import { type LocalGateway, openLocalGateway } from '../local-gateway/local-gateway.ts';
import { channel, group, person, seed } from '../local-slack/seed.ts';
import { openTimedScenario, type TimedScenario } from './clock.ts';
import { eventually } from './eventually.ts';
import { type MailServer, openMailServer } from './mail-server.ts';
import { due } from './outbox.ts';
import { asks, people } from './steps.ts';

/** What would ping, link or format; short enough for a name. */
const short = '<!channel><@U0EVIL>*b*`c`<http://e.vil|x>&lt;';
/** The same in sixty characters as Slack escapes them, as many as the name of an application has. */
const name = '<!here><@U0E>`c`<http://e|x>&lt;';
/** The same with what only longer texts hold: lines, and what acts on a terminal, a spreadsheet or the text around it. */
const long = `${short} <!subteam^S0EVIL> <#C0EVIL> <!date^1^{date}|x> \\ _i_ ~s~\n> quoted\n=1+1 \u202e\u200b\u001b[31m\u0007`;

/** Every field that people fill in, or that is named elsewhere, with what marks it where it is shown. */
export const fields = {
  COMMAND: short,
  APPLICATION: name,
  REASON: long,
  EDITED: long,
  REJECTED: long,
  REVOKED: long,
  NOTED: long,
  RENAMED: name,
  SERVICE: short,
  DESCRIBED: long,
  ADDED: short,
  PERSON: short,
  GROUP: short,
  FOUND: short,
  QUEUED: short,
} as const;
export type Field = keyof typeof fields;
export const typed = (field: Field): string => `${field.slice(0, 5)}${fields[field]}`;
export const marked = (seen: string, field: Field): boolean => seen.includes(field.slice(0, 5));

const catalogOf = (gateway: LocalGateway) => `services:
  - { slug: one, name: ${JSON.stringify(`${typed('SERVICE')} 1`)}, docs: "https://d.example/?q=<!channel>|x", approvers: [S0NASTY, U0ALEX], access: { gateway: edge, group: one, credential: key } }
  - { slug: two, name: ${JSON.stringify(`${typed('SERVICE')} 2`)}, channel: C0TWO, approvers: [U0PRIYA, U0SAM] }
  - { slug: three, name: ${JSON.stringify(`${typed('SERVICE')} 3`)}, channel: C0THREE }
gateways:
  - { name: edge, kind: kong, url: "${gateway.url}" }
`;

export type Everything = AsyncDisposable & {
  timed: TimedScenario;
  mail: MailServer;
  gateway: LocalGateway;
  /** All that ever stood in the workspace: messages and views, as JSON, each with where it stood. */
  held: Map<string, string>;
};

/** Opens the workspace, the database, the mail server and the gateway of the story. */
export async function openEverything(): Promise<Everything> {
  const mail = await openMailServer();
  const gateway = await openLocalGateway({ token: null });
  const held = new Map<string, string>();
  const timed = await openTimedScenario('2026-11-02T08:00:00Z', {
    catalog: catalogOf(gateway),
    env: {
      SMTP_URL: mail.url,
      MAIL_FROM: 'registrar@acme.example',
      REMIND_AFTER: '1h',
      REMINDER_SCHEDULE: '0 * * * *',
    },
    seed: seed({
      members: [person('evil'), person('nick', { realName: typed('PERSON') })],
      groups: [
        group('S0NASTY', typed('GROUP'), ['U0ALEX'], { name: typed('GROUP') }),
        group('S0EVIL', 'evil', ['U0EVIL']),
      ],
      channels: [
        channel('C0TWO', 'two', ['U0ALEX', 'U0PRIYA', 'U0REGISTRAR']),
        channel('C0THREE', 'three', ['U0ALEX', 'U0PRIYA']),
        channel('C0EVIL', 'evil', ['U0EVIL']),
      ],
    }),
  });
  const { workspace } = timed.scenario;
  workspace.onChange(() => {
    for (const id of workspace.channels.keys())
      for (const reader of ['U0ALEX', 'U0NICK', 'U0SAM'])
        for (const { text, blocks, metadata } of workspace.messagesFor(reader, id))
          held.set(JSON.stringify([text, blocks]), metadata?.event_type ?? 'whisper');
    for (const id of workspace.members.keys()) {
      for (const view of workspace.views(id))
        held.set(JSON.stringify(view), view.callback_id || ('title' in view ? view.title.text : 'home'));
      const home = workspace.home(id);
      if (home) held.set(JSON.stringify(home), 'home');
    }
  });
  return {
    timed,
    mail,
    gateway,
    held,
    async [Symbol.asyncDispose]() {
      await timed[Symbol.asyncDispose]();
      await mail[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

/** Plays the story. `beforeTheyLeave`: while who reads the direct messages is still there. */
export async function everythingHappens(
  { timed, mail, gateway, held }: Everything,
  beforeTheyLeave = async () => {},
): Promise<void> {
  const { scenario, advanceTo, untilDelivered } = timed;
  const { workspace, database } = scenario;
  const { sam, alex, priya } = people(scenario);
  const nick = workspace.person('nick');
  const requests = { in: 'api-requests' };
  const atHome = { in: 'home' } as const;

  await nick.types(`/register ${typed('COMMAND')}`);
  await nick.finds(/no service called/, { in: 'modal' });
  await nick.closes();
  for (const one of [nick, alex]) await one.opensHome();
  await asks(nick, [`${typed('SERVICE')} 1`, `${typed('SERVICE')} 2`], typed('APPLICATION'), typed('REASON'));
  await nick.closes();
  await alex.finds(/REASO/, { in: 'two' });
  await alex.finds(/REASO/, requests);
  // One that cannot be posted, and is told of.
  await asks(nick, [`${typed('SERVICE')} 3`], typed('APPLICATION'), typed('REASON'));
  await nick.closes();
  await alex.finds(/cannot reach/, requests);
  await workspace.join('registrar', 'three');
  await alex.finds(/REASO/, { in: 'three' });
  await alex.finds(/To review/, atHome);
  // Short lists have no fields, unless they are filtered already.
  await database.sql`update homes set search = 'none', catalog_search = 'none'`;
  await alex.opensHome();
  await alex.finds(/Find a service/, atHome);
  // One after the other: what is typed at the same time may be read in any order.
  await alex.fills('Application', typed('QUEUED'), atHome);
  await alex.finds(/Show all/, atHome);
  await alex.fills('Find a service', typed('FOUND'), atHome);
  await alex.finds(/No service matches/, atHome);
  await alex.clicks('Show all', atHome);
  await alex.finds(/To review \(\d/, atHome);
  await alex.fills('Find a service', '', atHome);
  await alex.finds(/`one`/, atHome);

  await nick.finds(/Edit reason/, atHome);
  await nick.clicks('Edit reason', atHome);
  await nick.fills('Reason', typed('EDITED'));
  await nick.submits();
  await untilDelivered();
  await advanceTo('2026-11-02T10:05:00Z');

  await alex.clicks('Approve', { ...requests, on: /Requested by/ });
  await nick.finds(/access is open/);
  await nick.clicks('Get key');
  await nick.finds(/APPLI[\s\S]*rg_/, { in: 'modal' });
  await nick.closes();
  await nick.finds(/was made by[\s\S]*APPLI/);
  const [opened] = await database.sql`select application_id, group_name, change from application_access`;
  const place = { application: Number(opened?.application_id), gateway: 'edge' };
  await due(database.url, { kind: 'access-open', ...place, group: 'one', change: opened?.change, person: nick.id });
  await nick.finds(/Access is open\./);
  const [{ access } = { access: null }] = await database.sql`select access from services where slug = 'one'`;
  await database.sql`update services set access = null where slug = 'one'`;
  await due(database.url, { kind: 'access-lost', ...place, group: 'one', change: opened?.change, person: nick.id });
  await nick.finds(/Access has ended\.[\s\S]*APPLI/);
  await database.sql`update services set access = ${access} where slug = 'one'`;
  gateway.fail('*', { kind: 'server-error' }, { times: 10_000 });
  await alex.clicks('Revoke', { ...requests, on: /Requested by/ });
  await alex.fills('Reason', typed('REVOKED'));
  await alex.submits();
  await nick.finds(/REVOK/);
  await alex.finds(/Access still open at edge, since .*because/, requests);
  await due(database.url, { kind: 'access-alarm', gateway: 'edge', at: '2026-11-02T10:05:00.000Z' });
  await alex.finds(/no registration backs[\s\S]*APPLI/, requests);
  gateway.clearFaults();
  await priya.clicks('Reject', { in: 'two', on: /Requested by/ });
  await priya.fills('Reason', typed('REJECTED'));
  await priya.submits();
  await nick.finds(/REJEC/);
  await alex.clicks('History', { ...requests, on: /Requested by/ });
  await alex.finds(/REVOK/, { in: 'modal' });
  await alex.closes();
  await nick.types('/registrations');
  await nick.finds(/APPLI/, { in: 'whispered' });

  await nick.clicks('Co-owners', atHome);
  await nick.picks('Co-owners', 'sam');
  await nick.submits();
  await sam.finds(/APPLI/);
  // Who owns it now is told by the name that it has when the message is written.
  await timed.untilDelivered();
  await nick.clicks('Rename', atHome);
  await nick.fills('Name', typed('RENAMED'));
  const renamed = await nick.submits();
  if (!('closed' in renamed)) throw new Error(`it was not renamed: ${nick.reads}`);
  await untilDelivered();
  for (const form of ['Leave', 'Delete', 'Hand over']) {
    await nick.clicks(form, atHome);
    await nick.finds(/RENAM/, { in: 'modal' });
    await nick.closes();
  }

  await alex.clicks('Add a service', atHome);
  await alex.fills('Name', typed('ADDED'));
  await alex.fills('Slug', 'added');
  await alex.fills('Description', typed('DESCRIBED'));
  await alex.picks('Approvers: user groups', 'GROUP');
  await alex.submits();
  await alex.finds(/Nothing is saved yet/, { in: 'modal' });
  await alex.submits();
  await alex.finds(/ADDED/, atHome);
  await alex.clicks('History', { ...atHome, on: /ADDED/ });
  await alex.finds(/DESCR/, { in: 'modal' });
  await alex.closes();
  await asks(nick, [typed('ADDED')], '=Plain', typed('REASON'));
  await nick.closes();
  await untilDelivered();
  await alex.clicks('Edit', { ...atHome, on: /ADDED/ });
  await alex.picks('Approval channel', 'two');
  await alex.submits();
  await alex.submits();
  await alex.finds(/has moved/, requests);
  await alex.finds(/ADDED/, { in: 'two' });
  for (const hour of [12, 15, 20]) await advanceTo(`2026-11-02T${hour}:05:00Z`);
  for (const day of ['03', '05', '07', '09', '12']) await advanceTo(`2026-11-${day}T20:05:00Z`);
  await due(database.url, { kind: 'digest', channel: 'C0TWO', at: '2026-11-09T20:05:00.000Z' });
  await alex.finds(/Still waiting/, { in: 'two' });
  await alex.clicks('Approve with a note', { in: 'three', on: /Requested by/ });
  await alex.fills('Note', typed('NOTED'));
  await alex.submits();
  await nick.finds(/NOTED/);
  await alex.finds(/NOTED/, { in: 'three' });
  await alex.clicks('Delete request', { in: 'three', on: /NOTED/ });
  await alex.finds(/no longer has access to SERVI/, { in: 'three' });
  await beforeTheyLeave();
  for (const gone of ['sam', 'nick']) await workspace.deactivate(gone);
  await alex.finds(/RENAM[^\n]*\n[^\n]*Last owner|no longer have an owner[\s\S]*RENAM/, requests);
  const isTold = ([json, place]: [string, string]) => place === 'registrar_owner_left' && marked(json, 'RENAMED');
  await eventually('a channel is told who has left', async () => [...held].some(isTold));
  await eventually('the letters have arrived', async () => mail.letters.length >= 3);
}
