/** People, for tests that read like the contract: `await alex.clicks('Approve', { in: 'api-requests' })`. */
import { type Placed, placed } from './blocks/placed.ts';
import { type Expecting, findControl, type Target } from './controls.ts';
import type { Answer, Member, Message, Option, View, ViewState } from './model.ts';
import { readable } from './transcript.ts';
import type { Workspace } from './workspace.ts';

export type Submitted = { closed: true } | { errors: Record<string, string> } | { view: View } | { failed: string };

/** Where a field is, if not in the open modal. */
type Within = { in?: 'home' };

export class Person {
  readonly #workspace: Workspace;
  readonly id: string;
  readonly name: string;

  constructor(workspace: Workspace, member: Member) {
    this.#workspace = workspace;
    this.id = member.id;
    this.name = member.name;
  }

  #checked(what: string, answer: Answer, { expectFailure = false }: Expecting): Answer {
    if (!answer.ok && !expectFailure) throw new Error(`${this.name} ${what}, and Slack said: ${answer.error}`);
    if (answer.ok && expectFailure) throw new Error(`${this.name} ${what}, and it did not fail`);
    return answer;
  }

  async types(typed: string, { in: place = 'general', ...how }: Expecting & { in?: string } = {}): Promise<Answer> {
    const channel = place === 'messages' ? this.#workspace.imWith(this.id) : this.#workspace.channel(place);
    return this.#checked(`typed ${typed}`, await this.#workspace.command(this.id, channel.id, typed), how);
  }

  // Modals

  /** The modal on top. */
  get view(): View {
    const top = this.#workspace.views(this.id).at(-1);
    if (!top) throw new Error(`${this.name} has no modal open\n\n${this.#workspace.transcript()}`);
    return top;
  }

  /** The modal on top as it reads, or nothing. */
  get reads(): string {
    const top = this.#workspace.views(this.id).at(-1);
    return top ? readable(this.#workspace, top) : '';
  }

  /** Bots open a modal after they have answered: a person waits for it, as long as Slack lets one be opened. */
  async #opened(): Promise<View> {
    await this.#patiently(() => this.view);
    return this.view;
  }

  /** Looks until there is something to see; where patience ends, says what there is instead. */
  async #patiently<T>(look: () => T): Promise<T> {
    const seen = () => {
      try {
        return { found: look() };
      } catch {
        return undefined;
      }
    };
    const { found } = await this.#workspace.until(seen).catch(() => ({ found: look() }));
    return found;
  }

  /** What is filled in: the modal on top, or Home. */
  #form({ in: place }: Within): View {
    if (place !== 'home') return this.view;
    const home = this.#workspace.home(this.id);
    if (!home) throw new Error(`${this.name} has no Home\n\n${this.#workspace.transcript()}`);
    return home;
  }

  async #input(label: string, within: Within): Promise<Placed> {
    await this.#patiently(() => this.#form(within));
    return this.#patiently(() => {
      const inputs = placed(this.#form(within).blocks).filter((item) => item.input);
      const found = inputs.find((item) => item.input?.label.text === label);
      if (found) return found;
      const there = inputs.map((item) => item.input?.label.text).join(', ');
      throw new Error(`no field "${label}" for ${this.name}: there is ${there || 'none'}`);
    });
  }

  async #offered({ element, blockId, actionId }: Placed, typed: string, within: Within): Promise<Option[]> {
    if ('options' in element && element.options) return matching(element.options as Option[], typed);
    if ('option_groups' in element) {
      return matching((element.option_groups ?? []).flatMap((group) => group.options) as Option[], typed);
    }
    const how = { by: this.id, view: this.#form(within).id, blockId, actionId, typed };
    const offer = await this.#workspace.suggest(how);
    return Array.isArray(offer) ? offer : offer.option_groups.flatMap((group) => group.options);
  }

  /** The texts of what a picker offers. */
  async searches(label: string, typed = '', within: Within = {}): Promise<string[]> {
    return (await this.#offered(await this.#input(label, within), typed, within)).map((option) => option.text.text);
  }

  /** The same, each with its second line. */
  async offers(label: string, typed = '', within: Within = {}): Promise<string[][]> {
    const offered = await this.#offered(await this.#input(label, within), typed, within);
    return offered.map(({ text, description }) => [text.text, ...(description ? [description.text] : [])]);
  }

  /** Picks by text: the option that is exactly this, else the first that contains it. In multi pickers, one more. */
  async picks(label: string, text: string, within: Within = {}): Promise<void> {
    const input = await this.#input(label, within);
    if (input.element.type.includes('users')) return this.#picksPerson(input, text);
    if (input.element.type === 'conversations_select') return this.#picksChannel(input, text);
    const offered = await this.#offered(input, text, within);
    const option =
      offered.find((one) => one.text.text === text) ??
      offered.find((one) => one.text.text.toLowerCase().includes(text.toLowerCase()));
    if (!option) {
      const there = offered
        .slice(0, 5)
        .map((one) => one.text.text)
        .join(', ');
      throw new Error(`"${label}" does not offer "${text}" to ${this.name}: it offers ${there || 'nothing'}`);
    }
    await this.#sets(input, within, (before) =>
      before.selected_options
        ? { selected_options: [...before.selected_options.filter((one) => one.value !== option.value), option] }
        : { selected_option: option },
    );
  }

  async #picksPerson(input: Placed, name: string): Promise<void> {
    const { id } = this.#workspace.member(name.replace(/^@/, ''));
    await this.#sets(input, {}, (before) =>
      before.selected_users
        ? { selected_users: [...before.selected_users.filter((one) => one !== id), id] }
        : { selected_user: id },
    );
  }

  /** Slack offers a person the channels they see, of the kinds that the picker includes. */
  async #picksChannel(input: Placed, name: string): Promise<void> {
    const { id, kind, members, archived } = this.#workspace.channel(name.replace(/^#/, ''));
    const kinds = 'filter' in input.element ? input.element.filter?.include : undefined;
    const offered = kind === 'public' || members.includes(this.id);
    if (archived || !offered || (kinds && !kinds.some((one) => one === kind))) {
      throw new Error(`"${input.actionId}" does not offer #${name} to ${this.name}`);
    }
    await this.#sets(input, {}, () => ({ selected_conversation: id }));
  }

  /** Takes back what was picked; without a text, all of it. */
  async unpicks(label: string, text?: string): Promise<void> {
    const goes = (one: Option) => text === undefined || one.text.text.includes(text);
    const named =
      text === undefined ? undefined : [...this.#workspace.members.values()].find((one) => one.name === text)?.id;
    await this.#sets(await this.#input(label, {}), {}, (before) => {
      if (before.selected_options) return { selected_options: before.selected_options.filter((one) => !goes(one)) };
      if (before.selected_users) {
        return { selected_users: before.selected_users.filter((id) => text !== undefined && id !== named) };
      }
      if (before.type === 'conversations_select') return { selected_conversation: null };
      return before.type === 'users_select' ? { selected_user: null } : { selected_option: null };
    });
  }

  async fills(label: string, value: string, within: Within = {}): Promise<void> {
    await this.#sets(await this.#input(label, within), within, () => ({ value }));
  }

  async #sets(
    { blockId, actionId, element }: Placed,
    within: Within,
    change: (before: ViewState) => Partial<ViewState>,
  ): Promise<void> {
    const view = this.#form(within);
    const before = view.state.values[blockId]?.[actionId] ?? { type: element.type };
    const state = { ...before, ...change(before) };
    const answer = await this.#workspace.fill({ by: this.id, view: view.id, blockId, actionId, state });
    this.#checked(`filled ${actionId}`, answer, {});
  }

  /** Errors come by the label of their field. */
  async submits(how: Expecting = {}): Promise<Submitted> {
    const { id } = await this.#opened();
    const answer = this.#checked('submitted', await this.#workspace.submit(this.id, id), how);
    if (!answer.ok) return { failed: answer.error };
    const open = this.#workspace.views(this.id);
    const same = open.find((view) => view.id === id);
    const errors = Object.entries(same?.errors ?? {}).map(([blockId, error]) => {
      const field = placed(same?.blocks ?? []).find((item) => item.blockId === blockId);
      return [field?.input?.label.text ?? blockId, error];
    });
    if (errors.length > 0) return { errors: Object.fromEntries(errors) };
    const top = open.at(-1);
    return top ? { view: top } : { closed: true };
  }

  async closes(how: Expecting = {}): Promise<Answer> {
    return this.#checked('closed', await this.#workspace.close(this.id, (await this.#opened()).id), how);
  }

  // Buttons and menus

  /** Presses what carries this text, in the newest message that has it and matches `on`; confirms what asks. */
  async clicks(text: string, how: Target = {}): Promise<Answer> {
    const { label, item, option, within } = await this.#patiently(() => findControl(this.#workspace, this, text, how));
    const answer = await this.#workspace.click({
      by: this.id,
      blockId: item.blockId,
      actionId: item.actionId,
      ...within,
      ...(option !== undefined && { option }),
    });
    return this.#checked(`clicked ${label}`, answer, how);
  }

  async opensHome(how: Expecting = {}): Promise<Answer> {
    return this.#checked('opened Home', await this.#workspace.openHome(this.id), how);
  }

  // What this person reads

  /** Waits until this person can read it: in a channel, `home`, the open `modal`, what is `whispered` to them, or, usually, in the direct messages of the bot. */
  async finds(pattern: RegExp, { in: place = 'messages' }: { in?: string } = {}): Promise<string> {
    const read = () => {
      if (place === 'messages') return this.told;
      if (place === 'whispered') return this.whispers;
      return place === 'modal' ? [this.reads] : this.sees(place);
    };
    const what = `${this.name} reads ${pattern} in ${place}`;
    const found = this.#workspace.until(() => read().find((text) => pattern.test(text)), { what });
    return found.catch(({ message }: Error) => {
      throw new Error(place === 'home' ? `${message}\n\nHome of ${this.name}\n${read().join('\n')}` : message);
    });
  }

  /** A channel, or `home`. */
  sees(place: string): string[] {
    if (place === 'home') return this.#read(this.#workspace.home(this.id));
    return this.#read(...this.#workspace.messagesFor(this.id, place));
  }

  /** The direct messages of the bot. */
  get told(): string[] {
    return this.#read(...this.#workspace.directMessages(this.id));
  }

  /** What only this person sees, anywhere. */
  get whispers(): string[] {
    const all = [...this.#workspace.channels.keys()].flatMap((id) => this.#workspace.messagesFor(this.id, id));
    return this.#read(
      ...all.filter((message) => message.ephemeralTo === this.id).sort((a, b) => (a.ts < b.ts ? -1 : 1)),
    );
  }

  #read(...things: (Message | View | undefined)[]): string[] {
    return things.flatMap((thing) => (thing ? [readable(this.#workspace, thing)] : []));
  }
}

const matching = (options: Option[], typed: string) =>
  options.filter((option) => option.text.text.toLowerCase().includes(typed.toLowerCase()));
