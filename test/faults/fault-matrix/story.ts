/** The scenario of the matrix, with a clock that the test sets, and the checks that a response came and is true. */

import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { serviceRecordJson } from '../../../src/db/audit-log/service-record.ts';
import type { Message, View } from '../../local-slack/model.ts';
import type { Person } from '../../local-slack/people.ts';
import { channel, seed } from '../../local-slack/seed.ts';
import { readable } from '../../local-slack/transcript.ts';
import { delivered, retriesSoon } from '../../support/outbox.ts';
import { openScenario, type Scenario } from '../../support/scenario.ts';
import { asks, people, picks } from '../../support/steps.ts';

/** Slack gives up after so many milliseconds, and so do people. */
const inTime = 3_000;
const step = 20;

/** Channels that nothing else is posted to: one for each word with which Slack refuses to post there. */
const aways = Array.from({ length: 14 }, (_, index) => `zone-${index}`);

const idOf = (name: string): string => `C0${name.replace('-', '').toUpperCase()}`;

const catalog = `services:
  - { slug: payments, name: Payments API }
  - { slug: leads, name: Leads API, approvers: [S0PAYMENTS] }
${aways.map((slug) => `  - { slug: ${slug}, name: ${slug} API, channel: ${idOf(slug)} }`).join('\n')}
`;

export class Story implements AsyncDisposable {
  readonly scenario: Scenario;
  readonly dana: Person;
  readonly sam: Person;
  readonly alex: Person;
  readonly priya: Person;
  readonly lee: Person;
  readonly #clock: { now: number };
  #count = 0;
  #away = 0;

  constructor(scenario: Scenario, clock: { now: number }) {
    this.scenario = scenario;
    this.#clock = clock;
    const { dana, sam, alex, priya, lee } = people(scenario);
    this.dana = dana;
    this.sam = sam;
    this.alex = alex;
    this.priya = priya;
    this.lee = lee;
  }

  get workspace() {
    return this.scenario.workspace;
  }

  get now(): Date {
    return new Date(this.#clock.now);
  }

  /** Has the form filled in, and only to be submitted. */
  async fills(person: Person, service: string): Promise<string> {
    const application = this.fresh();
    await person.types('/register');
    await picks(person, 'Services', service);
    await picks(person, 'Application', application);
    await person.fills('Reason', 'Because');
    return application;
  }

  /** Time passes, once nothing is left to deliver: the bot forgets what it knew of people and groups. */
  async passes(minutes: number): Promise<void> {
    await delivered(this.scenario);
    this.#clock.now += minutes * 60_000;
  }

  /** A name for an application that no other row has. */
  fresh(): string {
    this.#count += 1;
    return `App ${String.fromCharCode(65 + (this.#count % 26))}${this.#count}.`;
  }

  /** A service whose channel nothing else is posted to. */
  away(): { service: string; channel: string } {
    const name = aways[this.#away % aways.length] ?? '';
    this.#away += 1;
    return { service: `${name} API`, channel: name };
  }

  /** Has asked for access, and its card stands. */
  async requested(service = 'Payments API', by = this.dana, where = 'api-requests'): Promise<string> {
    const application = this.fresh();
    await asks(by, [service], application);
    await by.closes();
    await this.priya.finds(new RegExp(` for ${application}`), { in: where });
    return application;
  }

  /**
   * The acting user sees something new in time; and where it says that nothing was changed, nothing was.
   */
  async answered(person: Person, act: () => Promise<unknown>): Promise<string> {
    const [before, kept] = [this.#seen(person), await this.#kept()];
    await act();
    const news = () => [...this.#seen(person)].find(([id]) => !before.has(id));
    // All of this is one process: while it gets no processor time, no clock of it goes on.
    for (let waited = 0; !news() && waited < inTime; waited += step) await pause(step);
    const [, answer] = news() ?? [];
    if (!answer) throw new Error(`${person.name} is not answered in time`);
    const said = readable(this.workspace, answer);
    if (/[Nn]othing (was|is) (changed|saved)/.test(said)) expect(await this.#kept(), said).toBe(kept);
    return said;
  }

  /** Each form as it stands, and each message that is meant for this person alone, with what tells it from others. */
  #seen({ id }: Person): Map<string, Message | View> {
    const { workspace } = this;
    const own = [...workspace.channels.keys()]
      .flatMap((channel) => workspace.messagesFor(id, channel))
      .filter(({ channel, ephemeralTo }) => ephemeralTo === id || channel.startsWith('D'))
      .map((message) => [message.ts, message] as const);
    const forms = workspace.views(id).map((view) => [JSON.stringify([view.id, view.hash, view.errors]), view] as const);
    return new Map<string, Message | View>([...forms, ...own]);
  }

  async #kept(): Promise<string> {
    const [row] = await this.scenario.database.sql`
      select (select json_agg((id, status, version) order by id) from registrations) as registrations,
        (select json_agg((id, name, version) order by id) from applications) as applications,
        (select json_agg((id, version) order by id) from services) as services`;
    return JSON.stringify(row);
  }

  [Symbol.asyncDispose]() {
    return this.scenario[Symbol.asyncDispose]();
  }
}

/** A service that is kept in Slack, with a long record; in HTTP mode, so that another connection takes no clicks away. */
export async function openStory(): Promise<Story> {
  const clock = { now: Date.parse('2026-11-02T08:05:00Z') };
  const moreChannels = [...aways, 'maps'].map((name) =>
    channel(idOf(name), name, ['U0ALEX', 'U0PRIYA', 'U0REGISTRAR']),
  );
  const scenario = await openScenario({
    mode: 'http',
    catalog,
    now: () => new Date(clock.now),
    seed: seed({ channels: moreChannels }),
    env: { REMIND_AFTER: '1h', REMINDER_SCHEDULE: '0 * * * *', MAX_PENDING_PER_PERSON: '1000' },
  });
  await scenario.database.sql`
    insert into services (slug, name, managed_by, approvers, version)
    values ('maps', 'Maps API', 'slack', '{U0ALEX,S0PAYMENTS}', 40)`;
  await scenario.database.sql`
    insert into service_changes (service_id, version, actor, before, after, at)
    select s.id, n, 'U0ALEX', case when n > 1 then '{"name": "Map"}'::jsonb end,
      case when n > 1 then '{"name": "Maps API"}'::jsonb else ${scenario.database.sql.unsafe(serviceRecordJson('s'))} end,
      now() - interval '1 year' + n * interval '1 hour'
    from services s, generate_series(1, 40) n where slug = 'maps' order by n`;
  // Who is tried again need not wait for long.
  await retriesSoon(scenario);
  return new Story(scenario, clock);
}
