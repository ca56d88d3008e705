/** Walks: a random step is something that a random user does in Slack, compared with what the model expects. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Action, Refusal } from '../../../src/domain/registration.ts';
import { placed } from '../../local-slack/blocks/placed.ts';
import type { Message } from '../../local-slack/model.ts';
import type { Person } from '../../local-slack/people.ts';
import { readable } from '../../local-slack/transcript.ts';
import { eventually } from '../../support/eventually.ts';
import { receipts } from '../../support/invariants.ts';
import type { Scenario } from '../../support/scenario.ts';
import { asks } from '../../support/steps.ts';
import * as model from './model.ts';

const names = ['dana', 'sam', 'alex', 'priya', 'lee'] as const;
const applications = ['Shop', 'Till', 'Desk'];

/** Numbers choose among what there is when the step is taken. */
export const step = fc.record({
  who: fc.constantFrom(...names),
  does: fc.constantFrom('asks', 'presses', 'presses', 'presses', 'presses', 'unregisters', 'edits', 'hands over'),
  which: fc.nat(1_000),
  how: fc.nat(1_000),
  /** A screen that lags behind: 0 is the card as it is. */
  behind: fc.constantFrom(0, 0, 0, 0, 1, 2),
});
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const actionOf: Record<string, Action> = {
  Approve: 'approve',
  Reject: 'reject',
  Revoke: 'revoke',
  Reinstate: 'reinstate',
  'Delete request': 'delete',
};

/** What a refusal reads like. */
const sentences: Partial<Record<Refusal['kind'], RegExp>> = {
  already: /already|still waiting/,
  stale: /has changed since you saw it/,
  'own-request': /^You can’t decide your own request/,
  'own-application': /^You own this application, or did when this was requested/,
  'not-an-approver': /^Only .* can decide /,
  'not-an-owner': /^Only an owner/,
  'not-the-requester': /^Only who asked/,
};

export class Walker {
  readonly world = model.emptyWorld();
  readonly #scenario: Scenario;
  readonly #services: model.Service[];
  /** Every look of every card, the newest last. */
  readonly #looks = new Map<number, { version: number; message: Message }[]>();
  /** What has happened, to be read where something is wrong. */
  readonly path: string[] = [];

  constructor(scenario: Scenario, services: model.Service[]) {
    this.#scenario = scenario;
    this.#services = services;
  }

  /** Takes a step, and returns whether there was anything to do. A refusal is shown to the acting user only. */
  async takes({ who, does, which, how, behind }: Step): Promise<boolean> {
    const person = this.#scenario.workspace.person(who);
    const whispered = person.whispers.length;
    const answered =
      does === 'asks'
        ? await this.#asks(person, which, how)
        : does === 'presses'
          ? await this.#presses(person, which, how, behind)
          : does === 'unregisters'
            ? await this.#unregisters(person, which)
            : does === 'edits'
              ? await this.#edits(which)
              : await this.#handsOver(person, which, how);
    if (answered === 'nothing to do') return false;
    if (answered instanceof RegExp) {
      const what = `${person.name} is answered ${answered}`;
      const word = await this.#scenario.workspace.until(() => person.whispers[whispered], { what });
      expect(word).toMatch(answered);
    } else expect(person.whispers).toHaveLength(whispered);
    return true;
  }

  async #asks(person: Person, which: number, how: number) {
    const service = chosen(this.#services, which);
    const application = chosen(applications, how);
    if (!service || !application) return 'nothing to do';
    const reason = `For ${person.name}'s step ${this.path.length}`;
    this.path.push(`${person.name} asks for ${service.name} for ${application}`);
    const errors = model.request(this.world, { person: person.id, service, application, reason });
    const submitted = await asks(person, [service.name], application, reason);
    if (errors) {
      const patterns = Object.entries(errors).map(([field, words]) => [field, expect.stringMatching(words)]);
      expect(submitted).toEqual({ errors: Object.fromEntries(patterns) });
    } else expect(submitted).toHaveProperty('view');
    await person.closes();
    return 'done';
  }

  async #presses(person: Person, which: number, how: number, behind: number) {
    const looks = chosen([...this.#looks], which);
    if (!looks) return 'nothing to do';
    const [id, seen] = looks;
    const look = seen.at(-1 - behind) ?? seen[0];
    if (!look) return 'nothing to do';
    const { version, message } = look;
    const labels = offered(readable(this.#scenario.workspace, message));
    const label = chosen(labels, how);
    const action = label && actionOf[label];
    const registration = this.world.registrations[id];
    if (!label || !action || !registration) return 'nothing to do';
    const reason = action === 'reject' || action === 'revoke' ? `Because of step ${this.path.length}` : null;
    this.path.push(`${person.name} presses ${label} on ${registration.service.name}, version ${version}`);
    const refusal = model.take(this.world, registration, { action, person: person.id, seen: version, reason });
    await person.clicks(label, { in: 'api-requests', on: message });
    if (refusal) return sentences[refusal.kind] ?? /no such refusal/;
    // A menu with more than Delete asks with a form.
    const asksFirst =
      label === 'Delete request' && /^⏳|· approved automatically/.test(readable(this.#scenario.workspace, message));
    if (reason) await person.fills('Reason', reason);
    if (reason || asksFirst) expect(await person.submits()).toEqual({ closed: true });
    return 'done';
  }

  async #unregisters(person: Person, which: number) {
    const mine = this.world.registrations.filter(
      ({ application, status }) =>
        this.world.owners.get(application) === person.id && ['pending', 'approved', 'rejected'].includes(status),
    );
    const registration = chosen(mine, which);
    await person.types('/unregister');
    this.path.push(`${person.name} types /unregister`);
    if (!registration) return /^You have nothing to unregister/;
    const { service, application, status } = registration;
    const seen = model.versionOf(registration);
    model.take(this.world, registration, { action: 'unregister', person: person.id, seen, reason: null });
    await person.picks('Registration', `${service.name} — ${application} (${status})`);
    expect(await person.submits()).toHaveProperty('view');
    await person.closes();
    return 'done';
  }

  async #handsOver(person: Person, which: number, how: number) {
    const mine = applications.filter((one) => this.world.owners.get(one) === person.id);
    const application = chosen(mine, which);
    const to = chosen(
      names.filter((name) => name !== person.name),
      how,
    );
    if (!application || !to) return 'nothing to do';
    await person.opensHome();
    await person.finds(new RegExp(`^${application}\n(?:No registrations\\.\n)?Owners?: .*\\[… Rename`, 'm'), {
      in: 'home',
    });
    this.path.push(`${person.name} hands ${application} over to ${to}`);
    model.handOver(this.world, application, this.#scenario.workspace.member(to).id);
    await person.clicks('Hand over', { in: 'home', on: new RegExp(`^${application}\\b`, 'm') });
    await person.picks('New owner', to);
    expect(await person.submits()).toEqual({ closed: true });
    return 'done';
  }

  async #edits(which: number) {
    // Home shows a request to who owns its application now.
    const pending = this.world.registrations.filter(
      ({ status, application, requester }) => status === 'pending' && this.world.owners.get(application) === requester,
    );
    const registration = chosen(pending, which);
    const id = registration && this.world.registrations.indexOf(registration) + 1;
    if (!registration) return 'nothing to do';
    const reason = `Better said at step ${this.path.length}`;
    const { workspace, database } = this.#scenario;
    const { requester } = registration;
    const owner = workspace.person(requester);
    await owner.opensHome();
    const [row] = await database.sql`select public_id from registrations where id = ${id ?? 0}`;
    const option = `${row?.public_id}@${model.versionOf(registration)}`;
    const { view, blockId } = await workspace.until(() => {
      const home = workspace.home(requester);
      const menu = placed(home?.blocks ?? []).find(
        ({ actionId, element }) => actionId === 'edit' && JSON.stringify(element).includes(option),
      );
      return home && menu && { view: home.id, blockId: menu.blockId };
    });
    this.path.push(`${requester} edits the reason of ${registration.service.name}`);
    const seen = model.versionOf(registration);
    model.take(this.world, registration, { action: 'edit', person: requester, seen, reason });
    await workspace.click({ by: requester, view, blockId, actionId: 'edit', option });
    await owner.fills('Reason', reason);
    expect(await owner.submits()).toEqual({ closed: true });
    return 'done';
  }

  /** Compares what is kept and what can be read with the model, once everything has been said. */
  async agrees(): Promise<void> {
    const { database, workspace } = this.#scenario;
    const { registrations, told } = this.world;
    const events = registrations.flatMap((one) => one.events);
    await eventually('everything is done and said', async () => {
      const [row] = await database.sql`select (select count(*) from history) as done, count(*) as left from outbox
        where dead_at is null and kind not in ('home', 'copies')`;
      return Number(row?.done) >= events.length && Number(row?.left) === 0;
    });
    const kept = await database.sql`select status, version, reason from registrations order by id`;
    expect(kept).toEqual(
      registrations.map((one) => ({ status: one.status, version: model.versionOf(one), reason: one.reason })),
    );
    const record = await database.sql`select action, actor, reason from history order by registration_id, version`;
    expect(record).toEqual(events);

    const cards = workspace
      .messages('api-requests')
      .filter(({ metadata }) => metadata?.event_type === 'registrar_card');
    expect(cards).toHaveLength(registrations.length);
    for (const [id, registration] of registrations.entries()) this.#cardAgrees(id, registration, cards);

    const marks = [...workspace.channels.values()].flatMap(({ id }) =>
      workspace.messages(id).map((one) => one.metadata),
    );
    const received = marks.filter((mark) => mark?.event_type === 'registrar_receipt');
    expect(
      await receipts(
        database,
        received.map((mark) => Number(mark?.event_payload.registration)),
      ),
    ).toEqual([]);

    for (const name of names) {
      const person = workspace.person(name);
      const expected = (told.get(person.id) ?? []).map((one) => expect.stringMatching(notice(workspace, one)));
      const decisions = workspace
        .directMessages(person.id)
        .filter(({ metadata }) => metadata?.event_type === 'registrar_notice')
        .map((message) => readable(workspace, message));
      expect(decisions, `what ${name} was told`).toEqual(expected);
    }
  }

  #cardAgrees(id: number, registration: model.Registration, cards: Message[]): void {
    const { workspace } = this.#scenario;
    const found = cards.filter(({ metadata }) => metadata?.event_payload.registration === id + 1);
    expect(found).toHaveLength(1);
    const [message] = found;
    if (!message) return;
    const { status, reason, service, application, requester, events } = registration;
    const text = readable(workspace, message);
    const { name, title } = workspace.member(requester);
    const automatic = service.auto && events.length === 1;
    if (automatic) expect(text).toContain(`${service.name} for ${application} · approved automatically\n“${reason}”`);
    else {
      const owner = buttons[status] ? this.world.owners.get(application) : registration.ownersAtRequest[0];
      expect(text).toContain(`${service.name} for ${application}`);
      expect(text).toMatch(
        new RegExp(
          `Requested by {2}@${name} \\(${title}\\), .*\\nOwner {2}@${workspace.member(owner ?? '').name}\\n> ${reason}`,
        ),
      );
    }
    const told = events
      .filter(({ action }) => action !== 'request' || (service.auto && !automatic))
      .map((event) => said(workspace, event));
    expect([...text.matchAll(/^:\w+: ((?:\w+ )+(?:by @\w+|automatically))/gm)].map(([, words]) => words)).toEqual(told);
    expect(offered(text)).toEqual(buttons[status] ?? []);
    expect(text.includes('can decide.')).toBe(status === 'pending');

    const looks = this.#looks.get(id) ?? [];
    const version = model.versionOf(registration);
    if (looks.at(-1)?.version !== version) {
      this.#looks.set(id, [...looks, { version, message: structuredClone(message) }]);
    }
  }
}

/** What a card offers to press. */
const offered = (text: string): string[] =>
  Object.keys(actionOf).filter((label) => new RegExp(`(\\[|\\[… |\\| )${label}(\\]| \\|)`).test(text));

/** The contract's table, as the card's buttons. */
const buttons: Record<string, string[]> = {
  pending: ['Approve', 'Reject', 'Delete request'],
  approved: ['Revoke', 'Delete request'],
  rejected: ['Delete request'],
  revoked: ['Reinstate', 'Delete request'],
};

const pasts: Record<model.Event['action'], string> = {
  request: 'Approved automatically',
  approve: 'Approved by',
  reject: 'Rejected by',
  revoke: 'Revoked by',
  reinstate: 'Reinstated by',
  edit: 'Reason edited by',
  unregister: 'Unregistered by',
  delete: 'Deleted by',
  expire: 'Expired',
};

const said = (workspace: Scenario['workspace'], { action, actor }: model.Event): string =>
  action === 'request' ? pasts.request : `${pasts[action]} @${workspace.member(actor).name}`;

function notice(
  workspace: Scenario['workspace'],
  { event, registration }: { event: model.Event; registration: model.Registration },
): RegExp {
  const { service, application } = registration;
  const why = event.action !== 'request' && event.reason ? `[\\s\\S]*> ${event.reason}` : '';
  return new RegExp(`^:\\w+: ${said(workspace, event)}\\nService  ${service.name}\\nApplication  ${application}${why}`);
}

const chosen = <T>(among: readonly T[], number: number): T | undefined => among[number % among.length];
