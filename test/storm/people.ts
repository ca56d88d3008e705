/** Twenty people in a hurry: what each does next is chance, and whether they got an answer is written down. */

import { unavailableOption } from '../../src/views/registration/register-modal.ts';
import type { Message } from '../local-slack/model.ts';
import type { Person } from '../local-slack/people.ts';
import type { Workspace } from '../local-slack/workspace.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

/** Chance from a seed (mulberry32): the same seed, the same intentions. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const oneOf = <T>(random: () => number, things: readonly T[]): T | undefined =>
  things[Math.floor(random() * things.length)];

/**
 * What someone did, how long it took in milliseconds, and whether anything came of it that they could see; and whether
 * the process that had what they did last died over it.
 */
export type Act = { who: string; what: string; took: number; answered: boolean; cutOff: boolean; why: string };

/** How long a user waits for a response, in milliseconds: Slack's three seconds, and a busy machine's slowness. */
export const patience = 30_000;

export class Actor {
  readonly #workspace: Workspace;
  readonly #database: TestDatabase;
  readonly #person: Person;
  readonly #random: () => number;
  readonly #services: readonly string[];
  #applications = 0;
  #since = 0;
  /** Cards as this person's screen showed them, from which some clicks come too late. */
  readonly #seen: Message[] = [];

  constructor(
    { workspace, database }: { workspace: Workspace; database: TestDatabase },
    person: Person,
    random: () => number,
    services: readonly string[],
  ) {
    this.#workspace = workspace;
    this.#database = database;
    this.#person = person;
    this.#random = random;
    this.#services = services;
  }

  /** Does one thing and says whether it was answered. */
  async acts(approves: boolean): Promise<Act> {
    const from = Date.now();
    this.#since = this.#workspace.delivered.length;
    // Who decides asks as well, and must not decide about what is theirs.
    const decides = approves && this.#random() < 0.8;
    const [what, work] = decides ? this.#asApprover() : this.#asDeveloper();
    let why = '';
    const answered = await work().catch((error) => {
      why = String(error.message).split('\n')[0] ?? '';
      // A picker that offers something else has answered, also that it cannot look this up; one that does not answer is
      // complained of. And a form that came late may take the place of the one that is filled in.
      return /does not offer|is on the screen|there is none/.test(why);
    });
    const took = Date.now() - from;
    const last = this.#last();
    const cutOff = this.#isCutOff();
    const reads = this.#person.reads;
    await this.#tidy();
    return {
      who: this.#person.name,
      what,
      took,
      answered,
      cutOff,
      why: answered ? '' : `${why} (last sent: ${(JSON.stringify(last) ?? 'nothing').slice(0, 60)}; reads: ${reads})`,
    };
  }

  /** What Slack sent last for this person, since they began what they do. */
  #last(): Record<string, unknown> | undefined {
    return this.#workspace.delivered.slice(this.#since).findLast((payload) => actorOf(payload) === this.#person.id);
  }

  /** Whether the process that had it died: no response will come. */
  #isCutOff(): boolean {
    const last = this.#last();
    return last !== undefined && this.#workspace.cutOff.has(last);
  }

  #asDeveloper(): [string, () => Promise<boolean>] {
    const dice = this.#random();
    if (dice < 0.55) return ['/register', () => this.#registers()];
    if (dice < 0.72) return ['/unregister', () => this.#unregisters()];
    if (dice < 0.78) return ['/registrations', () => this.#commands('/registrations')];
    if (dice < 0.84) return ['Co-owners', () => this.#changesOwners('Co-owners', 'Co-owners')];
    if (dice < 0.87) return ['Hand over', () => this.#changesOwners('Hand over', 'New owner')];
    if (dice < 0.97) return ['Get key', () => this.#seesToKeys()];
    return ['Home', async () => (await this.#workspace.openHome(this.#person.id)).ok];
  }

  #asApprover(): [string, () => Promise<boolean>] {
    const card = this.#random() < 0.15 ? oneOf(this.#random, this.#seen) : this.#card();
    const buttons = card ? labels(card) : [];
    const deletes = this.#random() < 0.1;
    const button = oneOf(this.#random, deletes ? buttons : buttons.filter((label) => label !== 'Delete request'));
    if (!card || !button) return ['/registrations', () => this.#commands('/registrations')];
    this.#seen.push(structuredClone(card));
    return [button, () => this.#decides(card, button)];
  }

  /** Some live card, in any channel; rather one that this person has not clicked on as it is. */
  #card(): Message | undefined {
    const all = [...this.#workspace.channels.values()].filter(({ kind }) => kind !== 'im');
    const cards = all.flatMap(({ id }) => this.#workspace.messages(id)).filter((message) => labels(message).length > 0);
    const known = new Set(this.#seen.map(({ ts, edited }) => `${ts} ${edited?.ts}`));
    const news = cards.filter(({ ts, edited }) => !known.has(`${ts} ${edited?.ts}`));
    return oneOf(this.#random, news.length > 0 ? news : cards);
  }

  /** A command is answered by its form or by a word. Another form may still come, of what was done before. */
  async #commands(typed: string, form = 'none'): Promise<boolean> {
    const heard = this.#heard();
    const { ok } = await this.#workspace.command(this.#person.id, 'general', typed);
    return ok && this.#sees(() => this.#person.reads.includes(`== ${form}`) || this.#heard() > heard);
  }

  async #registers(): Promise<boolean> {
    const person = this.#person;
    if (!(await this.#commands('/register', 'Register an application'))) return false;
    if (!person.reads.includes('== Register')) return true;
    await person.picks('Services', oneOf(this.#random, this.#services) ?? '');
    if (this.#random() < 0.2) await person.picks('Services', oneOf(this.#random, this.#services) ?? '');
    if (this.#random() < 0.7) this.#applications += 1;
    await person.picks('Application', `${person.name} ${Math.max(1, this.#applications)}`);
    await person.fills('Reason', 'In a hurry');
    await person.submits();
    return true;
  }

  async #unregisters(): Promise<boolean> {
    const person = this.#person;
    if (!(await this.#commands('/unregister', 'Unregister application'))) return false;
    if (!person.reads.includes('== Unregister')) return true;
    const offered = await person.searches('Registration');
    const choice = oneOf(this.#random, offered);
    if (!choice || choice === unavailableOption.text.text) return true;
    await person.picks('Registration', choice);
    await person.submits();
    return true;
  }

  /** Shares an application, or hands it over, to anyone: also to who decides about it. */
  async #changesOwners(entry: string, field: string): Promise<boolean> {
    const person = this.#person;
    // Who owns nothing is answered by their Home.
    if (!(await this.#homeHas('Your applications'))) return false;
    const others = [...this.#workspace.members.values()].filter(
      (one) => /^p\d\d$/.test(one.name) && one.id !== person.id && !one.deleted,
    );
    const to = oneOf(this.#random, others)?.name ?? '';
    const owned = () => person.sees('home').flatMap((text) => text.match(/^p\d\d \d+(?=\nOwner)/gm) ?? []);
    const application = oneOf(this.#random, owned());
    if (!application) return true;
    const heard = this.#heard();
    await person.clicks(entry, { in: 'home', on: new RegExp(`^${application}$`, 'm') });
    if (!(await this.#sees(() => this.#forms() > 0 || this.#heard() > heard))) return false;
    // A former owner reads in a modal that it is no longer theirs.
    if (this.#forms() === 0 || !person.reads.includes(`== ${entry}`)) return true;
    await person.picks(field, to);
    await person.submits();
    return true;
  }

  /** Sees to the keys of an application that Home shows as open: the first, a new one next to it, and then not the old one. */
  async #seesToKeys(): Promise<boolean> {
    const person = this.#person;
    if (!(await this.#homeHas('Your applications'))) return false;
    for (const _ of ['first', 'new', 'old']) {
      // Who has no access yet, or no longer, is answered by their Home.
      if (!person.sees('home').join().includes('[Get key]')) return true;
      const heard = this.#heard();
      // It is made at a gateway that fails now and then: "Making a key" is no answer yet.
      const answered = () => this.#heard() > heard || (this.#forms() > 0 && !person.reads.includes('Making a key'));
      await person.clicks('Get key', { in: 'home' });
      if (!(await this.#sees(answered))) return false;
      const before = person.reads;
      const more = before.match(/\[(New key|Remove old key)\]/)?.[1];
      if (more) await person.clicks(more, { in: 'modal' });
      if (more && !(await this.#sees(() => answered() && (person.reads !== before || this.#heard() > heard))))
        return false;
      await this.#tidy();
    }
    return true;
  }

  async #homeHas(text: string): Promise<boolean> {
    const person = this.#person;
    if (!(await this.#workspace.openHome(person.id)).ok) return false;
    return this.#sees(() => person.sees('home').join().includes(text));
  }

  async #decides(card: Message, button: string): Promise<boolean> {
    const person = this.#person;
    const heard = this.#heard();
    const before = await this.#decided(card);
    await person.clicks(button, { in: card.channel, on: card });
    if (button === 'Reject' || button === 'Revoke') {
      if (!(await this.#sees(() => this.#forms() > 0 || this.#heard() > heard))) return false;
      if (this.#forms() === 0) return true;
      await person.fills('Reason', 'Not like this');
      await person.submits();
      return true;
    }
    const answered = await this.#eventually(
      async () => this.#heard() > heard || this.#forms() > 0 || (await this.#decided(card)) > before,
    );
    // The menu of a pending card asks with a form before it deletes.
    if (button === 'Delete request' && this.#forms() > 0) await person.submits();
    return answered;
  }

  /** How often this person has decided about a card: the card says so as soon as Slack takes it, which is looked at in the end. */
  async #decided({ metadata }: Message): Promise<number> {
    const found = await this.#database.sql`
      select from history where registration_id = ${Number(metadata?.event_payload.registration)} and actor = ${this.#person.id}`;
    return found.length;
  }

  async #eventually(isSo: () => Promise<boolean>): Promise<boolean> {
    let answered = false;
    const over = async () => {
      answered = await isSo();
      return answered || this.#isCutOff();
    };
    await eventually('an answer', over, patience).catch(() => {});
    return answered;
  }

  #forms(): number {
    return this.#workspace.views(this.#person.id).length;
  }

  /** Everything that only this person was told. */
  #heard(): number {
    return this.#person.whispers.length + this.#person.told.length;
  }

  async #sees(isSo: () => boolean): Promise<boolean> {
    await this.#workspace.until(() => isSo() || this.#isCutOff(), { within: patience }).catch(() => {});
    return isSo();
  }

  async #tidy(): Promise<void> {
    for (const view of this.#workspace.views(this.#person.id).toReversed()) {
      await this.#workspace.close(this.#person.id, view.id).catch(() => {});
    }
  }
}

const actorOf = (payload: Record<string, unknown>): unknown =>
  payload.user_id ?? Object(payload.user).id ?? Object(payload.event).user;

/** What can be pressed on a card and decides something. */
function labels({ blocks }: Message): string[] {
  const block = blocks.find((one) => one.block_id === 'decide');
  if (block?.type !== 'actions') return [];
  return block.elements.flatMap((element) => {
    if (element.type === 'overflow') {
      return element.options.some(({ text }) => text.text === 'Delete request') ? ['Delete request'] : [];
    }
    return element.type === 'button' && element.text.text !== 'History' ? [element.text.text] : [];
  });
}
