/** A flood from one person is slowed, and nobody else notices it. Each process counts for itself, in memory. */
import type { AckFn, App } from '@slack/bolt';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { z } from 'zod';
import type { Deps } from '../../deps.ts';
import { option } from '../../views/blocks.ts';
import { keepFormOpen, respondToAction } from '../respond.ts';

/** What MAX_ACTS_PER_PERSON counts in, in seconds. */
const window = 10;

/** A picker is asked at every pause in typing: so many times more often than people act. */
const keystrokesPerAct = 4;

export function limitPerUser(app: App, { config, log }: Pick<Deps, 'config' | 'log'>): void {
  const { MAX_ACTS_PER_PERSON: most } = config;
  const acts = new RateLimiterMemory({ points: most, duration: window });
  const keystrokes = new RateLimiterMemory({ points: most * keystrokesPerAct, duration: window });

  app.use(async ({ body, client, next, ...args }) => {
    const act = actOf(body);
    const wait = act && (await tooFast(act.kind === 'keystroke' ? keystrokes : acts, act.person));
    if (!wait) return next();
    if (wait.first) log.warn({ person: act.person, kind: act.kind }, 'somebody acts faster than people do');
    const word = slowDown(wait.seconds);
    // An answer in the acknowledgement costs no call of Slack's: a flood of commands does not become one of messages.
    const ack = 'ack' in args ? (args.ack as AckFn<unknown>) : undefined;
    switch (act.kind) {
      case 'command':
        return ack?.({ response_type: 'ephemeral', text: word });
      case 'keystroke':
        return ack?.({ options: [option(word, 'unavailable')] });
      case 'form':
        return ack?.(keepFormOpen(act.blocks, word));
      case 'click': {
        await ack?.();
        const respond = 'respond' in args ? args.respond : undefined;
        if (wait.first)
          await respondToAction({ client, body: { ...body, user: { id: act.person } }, respond }, word, log);
      }
    }
  });
}

type Act = { person: string } & (
  | { kind: 'command' | 'keystroke' | 'click' | 'home' }
  | { kind: 'form'; blocks: Block[] }
);

type Block = { type: string; block_id?: string | undefined };

/** Who acts, and how; undefined for what nobody did, such as Slack telling of a change. */
function actOf(body: object): Act | undefined {
  const read = sent.safeParse(body).data;
  if (!read) return undefined;
  if (read.command !== undefined)
    return read.user_id === undefined ? undefined : { person: read.user_id, kind: 'command' };
  if (read.event?.type === 'app_home_opened') return { person: read.event.user, kind: 'home' };
  if (!read.user) return undefined;
  const person = read.user.id;
  if (read.type === 'view_submission' && read.view) return { person, kind: 'form', blocks: read.view.blocks };
  return { person, kind: read.type === 'block_suggestion' ? 'keystroke' : 'click' };
}

const sent = z.object({
  type: z.string().optional(),
  command: z.string().optional(),
  user_id: z.string().optional(),
  user: z.object({ id: z.string() }).optional(),
  event: z
    .object({ type: z.literal('app_home_opened'), user: z.string() })
    .optional()
    .catch(undefined),
  view: z
    .object({ blocks: z.array(z.looseObject({ type: z.string(), block_id: z.string().optional() })) })
    .optional()
    .catch(undefined),
});

const slowDown = (seconds: number): string =>
  `That was a lot at once, and nothing was changed. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`;

/** Seconds to wait, and whether this is the first act that was too many; undefined for one that may pass. */
async function tooFast(limiter: RateLimiterMemory, person: string) {
  try {
    await limiter.consume(person);
    return undefined;
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const first = refused.consumedPoints === limiter.points + 1;
    return { seconds: Math.ceil(refused.msBeforeNext / 1000), first };
  }
}
