/** A person whose actions are told as they happen. */
import type { LocalGateway } from '../local-gateway/local-gateway.ts';
import type { Message } from '../local-slack/model.ts';
import type { Person } from '../local-slack/people.ts';
import type { Workspace } from '../local-slack/workspace.ts';
import type { Mailbox } from './mailbox.ts';
import type { System } from './system.ts';
import type { Teller } from './teller.ts';

/** A channel, Registrar's `home`, the open `modal`, the bot's direct `messages`, what is `whispered` to one alone, their `mail`, or what the `gateway` answered. */
export type Place = 'home' | 'modal' | 'messages' | 'whispered' | 'mail' | 'gateway' | (string & {});

type Card = { in: string; on?: RegExp | Message };

export class Player {
  readonly called: string;
  readonly #person: Person;
  readonly #workspace: Workspace;
  readonly #mailbox: Mailbox;
  readonly #teller: Teller;
  readonly #gateway: LocalGateway;
  readonly #answers: string[] = [];
  #key = '';

  constructor(
    { workspace, mailbox, gateway }: Pick<System, 'workspace' | 'mailbox' | 'gateway'>,
    name: string,
    teller: Teller,
  ) {
    this.#teller = teller;
    this.#gateway = gateway;
    this.#workspace = workspace;
    this.#mailbox = mailbox;
    this.#person = workspace.person(name);
    this.called = workspace.member(name).realName.split(' ')[0] ?? name;
  }

  async types(command: string): Promise<void> {
    await this.#leavesWindow();
    this.#acts(`types ${command} in #general`);
    await this.#person.types(command);
  }

  async picks(label: string, ...texts: string[]): Promise<void> {
    this.#acts(`picks ${texts.join(' and ')}`);
    for (const text of texts) await this.#person.picks(label, text);
  }

  async writes(label: string, text: string): Promise<void> {
    this.#acts(`writes “${text}”`);
    await this.#person.fills(label, text);
  }

  async submits(button: string): Promise<void> {
    this.#acts(`presses ${button}`);
    const outcome = await this.#person.submits();
    if ('errors' in outcome) throw new Error(`the form refuses it: ${JSON.stringify(outcome.errors)}`);
  }

  /** A window is closed before anything else can be done. */
  async #leavesWindow(): Promise<void> {
    if (this.#person.reads !== '') await this.#person.closes();
  }

  #acts(what: string): void {
    this.#teller.action(this.called, what);
  }

  async opensHome(): Promise<void> {
    await this.#leavesWindow();
    this.#acts("opens Registrar's Home");
    await this.#person.opensHome();
  }

  async presses(button: string, card: Card, which: string): Promise<void> {
    await this.#leavesWindow();
    this.#acts(`presses ${button} on ${which}`);
    await this.#person.clicks(button, card);
  }

  /** Calls an API through the gateway with the key that this person was last shown. */
  async calls(path: string): Promise<void> {
    await this.#leavesWindow();
    this.#acts(`calls ${path} with the key`);
    const answer = await fetch(`${this.#gateway.proxyUrl}${path}`, { headers: { apikey: this.#key } });
    this.#answers.push(`GET ${path}: ${answer.status} ${((await answer.json()) as { message: string }).message}`);
  }

  /** Copies the key out of the window. */
  async copiesKey(): Promise<void> {
    this.#acts('copies the key, which is shown only once');
    const shown = await this.finds('modal', (text) => /rg_[\w-]{43}/.test(text));
    this.#key = /rg_[\w-]{43}/.exec(shown ?? '')?.[0] ?? '';
  }

  /** Everything in a place, as this person reads it. */
  sees(place: Place): string[] {
    switch (place) {
      case 'modal':
        return this.#person.reads === '' ? [] : [this.#person.reads];
      case 'messages':
        return this.#person.told;
      case 'whispered':
        return this.#person.whispers;
      case 'mail':
        return this.#mailbox
          .to(this.#workspace.member(this.#person.id).email)
          .map(({ subject, text }) => `${subject}\n\n${text.trim()}`);
      case 'gateway':
        return this.#answers;
      default:
        return this.#person.sees(place);
    }
  }

  /** Waits for a matching text; undefined where there is none in time. */
  async finds(place: Place, fits: (text: string) => boolean): Promise<string | undefined> {
    return this.#workspace.until(() => this.sees(place).findLast(fits)).catch(() => undefined);
  }
}
