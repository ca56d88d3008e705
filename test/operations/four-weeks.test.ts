/**
 * Four weeks of a channel of fifty requests, hour by hour, over the weekend on which Berlin's clocks are turned back. What
 * people saw is written to four-weeks.txt, to be read: nothing in it may be doubled, missing or odd.
 */
import { expect, it } from 'vitest';
import { connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import * as requests from '../../src/db/registration/requests.ts';
import type { Policy } from '../../src/domain/authorization.ts';
import { firstReminder } from '../../src/domain/reminder.ts';
import type { Message } from '../local-slack/model.ts';
import type { Person } from '../local-slack/people.ts';
import { channel, seed } from '../local-slack/seed.ts';
import { readable } from '../local-slack/transcript.ts';
import { openTimedScenario, type TimedScenario } from '../support/clock.ts';
import { people } from '../support/steps.ts';

const hour = 3_600_000;
const begin = Date.parse('2026-10-12T06:00:00Z');
const names = 'Billing Catalog Delivery Fraud Identity Ledger Payments Search Stock Tax'.split(' ');
const catalog = `services:\n${names.map((name) => `  - { slug: ${name.toLowerCase()}, name: ${name} API }`).join('\n')}\n`;

const env = {
  TIME_ZONE: 'Europe/Berlin',
  REMIND_AFTER: '12h',
  EXPIRE_PENDING_AFTER: '17d',
  ESCALATION_CHANNEL: 'C0LEADS',
  APPROVERS: 'U0ALEX,S0PAYMENTS',
};

const policy: Policy = {
  approvers: ['U0ALEX', 'S0PAYMENTS'],
  adminChannel: 'C0REQUESTS',
  allowSelfApproval: false,
  allowExternal: false,
};

const berlin = (at: number, how: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', ...how }).format(at);
const day = (at: number) => berlin(at, { weekday: 'long', day: 'numeric', month: 'long' });
const time = (at: number) => berlin(at, { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' });

/** What is done on a day, at an hour of it, by the clock on the wall. */
type Step = (scenario: TimedScenario['scenario'], asks: Asks) => Promise<void>;

/** Asks for some of the services. The form has its own stories; here its registrations are made as it makes them. */
type Asks = (person: Person, application: string, services: string[]) => Promise<void>;

const card = (application: string, service: string) =>
  new RegExp(`^(?:⏳|✅) ${service} API for ${application}(?: · approved)?\\n`);

async function decides(person: Person, application: string, services: string[]) {
  for (const service of services) {
    await person.clicks('Approve', { in: 'api-requests', on: card(application, service) });
    const approved = new RegExp(`${card(application, service).source}[^]*Approved by`);
    await person.finds(approved, { in: 'api-requests' });
  }
}

/** The story. What is not decided here is left to time. */
const steps: Record<string, Step> = {
  'Monday 12 October 10:00': async (scenario, asks) => {
    const { dana, sam, lee } = people(scenario);
    await asks(dana, 'Shop', names);
    await asks(sam, 'Till', names);
    await asks(lee, 'Desk', names.slice(0, 5));
  },
  'Tuesday 13 October 11:00': async (scenario) => {
    const { alex, priya } = people(scenario);
    await decides(alex, 'Shop', names.slice(0, 8));
    await decides(priya, 'Till', names.slice(0, 9));
    await decides(alex, 'Desk', names.slice(0, 2));
  },
  'Wednesday 14 October 15:00': async (scenario, asks) => {
    const { sam, alex } = people(scenario);
    await alex.clicks('Snooze until tomorrow', { in: 'api-requests', on: /:bell:.*Desk/s });
    await asks(sam, 'Kiosk', names.slice(0, 3));
  },
  'Friday 16 October 17:00': async (scenario, asks) => {
    const { dana, alex } = people(scenario);
    await asks(dana, 'Blog', names.slice(2, 9));
    await decides(alex, 'Kiosk', names.slice(0, 2));
  },
  'Monday 19 October 09:00': async (scenario) => decides(people(scenario).priya, 'Blog', names.slice(2, 7)),
  'Friday 23 October 08:00': async (scenario, asks) => asks(people(scenario).lee, 'Gate', names.slice(0, 6)),
  'Sunday 25 October 12:00': async (scenario, asks) => asks(people(scenario).sam, 'Rota', names.slice(5)),
  'Tuesday 27 October 10:00': async (scenario) => {
    const { alex } = people(scenario);
    await decides(alex, 'Gate', names.slice(0, 5));
    await decides(alex, 'Rota', names.slice(5));
  },
  'Friday 30 October 10:00': async (scenario) => {
    const { dana } = people(scenario);
    await dana.clicks('Ask again for Stock API');
    await dana.submits();
    await dana.closes();
  },
  'Monday 2 November 16:00': async (scenario, asks) => {
    const { dana, alex } = people(scenario);
    await asks(dana, 'Wiki', names.slice(0, 3));
    await decides(alex, 'Wiki', names.slice(0, 2));
  },
};

/** Reminders as they read, a block a line; decisions in a line; the cards themselves are left out. */
function told({ scenario: { workspace } }: TimedScenario, message: Message): string[] {
  const has = (id: string) => message.blocks.some(({ block_id }) => block_id === id);
  if (has('title')) return [];
  if (has('decision')) return [readable(workspace, { ...message, blocks: [] })];
  return message.blocks.map((block) =>
    readable(workspace, { ...message, blocks: [block] })
      .replaceAll(/ · Open the card \(https:\S+\)/g, '')
      .replaceAll('\n', ', '),
  );
}

it('the messages of four weeks read as in the transcript', async () => {
  await using timed = await openTimedScenario(new Date(begin).toISOString(), {
    catalog,
    env,
    seed: seed({ channels: [channel('C0LEADS', 'leads', ['U0LEE', 'U0REGISTRAR'])] }),
  });
  const { scenario, advanceTo, untilDelivered } = timed;
  const { workspace, database } = scenario;
  const client = connect(database.url);
  const outbox = createOutbox();
  await using parts = new AsyncDisposableStack();
  parts.defer(client.close);
  const ids = new Map(
    (await database.sql`select slug, public_id as id from services`).map(({ slug, id }) => [slug, id]),
  );

  const asks: Asks = async ({ id: requester }, application, services) => {
    const at = new Date(workspace.now());
    const opened = await requests.create(
      { tables: client.tables, outbox },
      {
        services: services.map((name) => ids.get(name.toLowerCase())),
        application: { name: application },
        requester,
        account: 'member',
        policy,
        reason: `${application} needs it`,
        form: `V-${application}`,
        at,
        remindAt: firstReminder(at, 12 * hour),
        autoApprove: false,
        maxPending: 60,
        maxPerHour: 60,
        maxApplications: 60,
      },
    );
    expect(opened).toMatchObject({ ok: true });
  };
  const seen = new Map<string, { text: string; edited: string | undefined }>();
  const transcript: string[] = ['Moments inside messages are in UTC, as the reader of this transcript is.'];
  let today = '';
  let changed = true;
  workspace.onChange(() => {
    changed = true;
  });

  /** What is new, changed or gone in every channel since the last look. */
  function look(at: number): void {
    if (!changed) return;
    changed = false;
    const lines: [place: string, text: string][] = [];
    const standing = new Set<string>();
    for (const { id, kind, name, members } of workspace.channels.values()) {
      const where = kind === 'im' ? `to @${workspace.member(members[0] ?? '').name}` : `in #${name}`;
      for (const message of workspace.messages(id)) {
        const key = `${where} ${message.ts}`;
        standing.add(key);
        const text = told(timed, message)
          .map((line) => `      ${line}`)
          .join('\n');
        const { edited } = message;
        const known = seen.get(key);
        if (text === '' || (known && known.edited === edited?.ts)) continue;
        lines.push([`${where}${known ? ', changed' : ''}`, text]);
        seen.set(key, { text, edited: edited?.ts });
      }
    }
    for (const key of seen.keys()) {
      if (standing.has(key)) continue;
      lines.push([`${key.replace(/ \S+$/, '')}, gone`, seen.get(key)?.text.split('\n')[0] ?? '']);
      seen.delete(key);
    }
    if (lines.length === 0) return;
    if (day(at) !== today) transcript.push('', day(at));
    today = day(at);
    transcript.push(`  ${time(at)}`);
    // What is said at once comes in any order.
    const places = Map.groupBy(lines.sort(), ([place]) => place);
    for (const [place, said] of places) transcript.push(`    ${place}`, ...said.map(([, text]) => text));
  }

  const left = new Set(Object.keys(steps));
  for (let at = begin; at < begin + 28 * 24 * hour; at += hour) {
    await advanceTo(new Date(at));
    look(at);
    const key = `${day(at)} ${berlin(at, { hour: '2-digit', minute: '2-digit' })}`.replace(',', '');
    const step = steps[key];
    if (!step || !left.delete(key)) continue;
    await step(scenario, asks);
    await untilDelivered();
    look(at);
  }
  expect([...left]).toEqual([]);
  const [{ count } = {}] = await database.sql`select count(*)::int from registrations`;
  expect(count).toBe(50);
  await expect(`${transcript.join('\n')}\n`).toMatchFileSnapshot('four-weeks.txt');
});
