/** Response URLs: the bot can respond to an interaction five times within half an hour. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { draft, edit, fromBot, isEmpty } from './messages.ts';
import type { Message } from './model.ts';
import { Refusal, refuse } from './refusal.ts';
import type { State } from './state.ts';

/** docs.slack.dev/interactivity/handling-user-interaction#message_responses */
const USES = 5;
const LIFETIME = 30 * 60_000;

type Address = {
  memberId: string;
  channelId: string;
  /** The message that was acted in; none after a command. */
  ts?: string;
  until: number;
  uses: number;
};

const body = z.looseObject({
  response_type: z.enum(['ephemeral', 'in_channel']).default('ephemeral'),
  replace_original: z.boolean().default(false),
  delete_original: z.boolean().default(false),
});

export class ResponseUrls {
  readonly #state: State;
  readonly #protocolViolations: string[];
  readonly #addresses = new Map<string, Address>();

  constructor(state: State, protocolViolations: string[]) {
    this.#state = state;
    this.#protocolViolations = protocolViolations;
  }

  issue(memberId: string, channelId: string, ts?: string): string {
    const token = randomBytes(12).toString('hex');
    const until = this.#state.now() + LIFETIME;
    this.#addresses.set(token, { memberId, channelId, until, uses: 0, ...(ts === undefined ? {} : { ts }) });
    return token;
  }

  /** Forgets all that were issued. */
  startOver(): void {
    this.#addresses.clear();
  }

  post(token: string, given: unknown): { status: number; body: string } {
    try {
      const address = this.#addresses.get(token) ?? refuse('expired_url');
      if (this.#state.now() > address.until) refuse('expired_url');
      if (address.uses >= USES) refuse('used_url');
      answer(this.#state, address, given);
      address.uses += 1;
      return { status: 200, body: 'ok' };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const gone = error.error === 'expired_url' || error.error === 'used_url';
      if (!gone) this.#protocolViolations.push(`response_url: ${error.error} ${JSON.stringify(error.more)}`);
      return { status: gone ? 404 : 400, body: JSON.stringify({ ok: false, error: error.error }) };
    }
  }
}

type To = Pick<Address, 'memberId' | 'channelId' | 'ts'>;

/** Says what the bot answered, to the person alone unless it asks for the channel; also for the ack of a command. */
export function answer(state: State, to: To, given: unknown): void {
  const read = body.safeParse(given);
  if (!read.success) throw new Refusal('invalid_payload');
  const original: Message | undefined = to.ts === undefined ? undefined : state.message(to.channelId, to.ts);
  if (read.data.delete_original) {
    if (original) state.remove(original);
    return;
  }
  const said = draft(read.data);
  if (isEmpty(said)) refuse('no_text');
  if (read.data.replace_original && original) {
    // A replaced message loses the blocks that the answer does not repeat.
    edit(state, original, { ...said, blocks: said.blocks ?? [] });
    return;
  }
  // An answer bypasses the channel's posting permissions.
  const message = fromBot(state, to.channelId, said);
  state.add(read.data.response_type === 'in_channel' ? message : { ...message, ephemeralTo: to.memberId });
}
