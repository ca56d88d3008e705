/** Limits how often a user may act. Each process counts for itself, in memory. */
import type { AckFn, App } from '@slack/bolt';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { z } from 'zod';
import type { Deps } from '../../deps.ts';
import { option } from '../../views/blocks.ts';
import { keepFormOpen, respondToAction } from '../respond.ts';

/** The window of MAX_ACTS_PER_PERSON, in seconds. */
const rateWindow = 10;

/** How many times more often than other interactions a picker may ask, or a field tell what is typed: they do so while one types. */
const keystrokeFactor = 4;

/** Adds the middleware. An interaction over the limit is acknowledged with how long to wait, and reaches no listener. */
export function limitPerUser(app: App, { config, log }: Pick<Deps, 'config' | 'log'>): void {
  const { MAX_ACTS_PER_PERSON: limit } = config;
  const interactions = new RateLimiterMemory({ points: limit, duration: rateWindow });
  const keystrokes = new RateLimiterMemory({ points: limit * keystrokeFactor, duration: rateWindow });

  app.use(async ({ body, client, next, ...args }) => {
    const interaction = interactionOf(body);
    const excess =
      interaction && (await consume(isTyping(interaction) ? keystrokes : interactions, interaction.userId));
    if (!excess) return next();
    const { kind, userId } = interaction;
    if (excess.isFirst)
      log.warn({ user: userId, kind }, 'user is rate limited, interactions are rejected until the window ends');
    const text = slowDown(excess.seconds);
    // A response in the ack costs no call to Slack: a flood of commands does not become a flood of messages.
    const ack = 'ack' in args ? (args.ack as AckFn<unknown>) : undefined;
    switch (kind) {
      case 'command':
        return ack?.({ response_type: 'ephemeral', text });
      case 'keystroke':
        return ack?.({ options: [option(text, 'unavailable')] });
      // What is typed is checked at the submission in any case, and a modal with the text would take the form's place.
      case 'letter':
        return ack?.();
      case 'form':
        return ack?.(keepFormOpen(interaction.blocks, text));
      case 'click': {
        await ack?.();
        const respond = 'respond' in args ? args.respond : undefined;
        if (excess.isFirst)
          await respondToAction({ client, body: { ...body, user: { id: userId } }, respond }, text, log);
      }
    }
  });
}

type UserInteraction = { userId: string } & (
  | { kind: 'command' | 'keystroke' | 'letter' | 'click' | 'home' }
  | { kind: 'form'; blocks: Block[] }
);

type Block = { type: string; block_id?: string | undefined };

/** Reads who acts, and how; undefined for what is no user's interaction, such as an event about a change. */
function interactionOf(body: object): UserInteraction | undefined {
  const read = payload.safeParse(body).data;
  if (!read) return undefined;
  if (read.command !== undefined)
    return read.user_id === undefined ? undefined : { userId: read.user_id, kind: 'command' };
  if (read.event?.type === 'app_home_opened') return { userId: read.event.user, kind: 'home' };
  if (!read.user) return undefined;
  const userId = read.user.id;
  if (read.type === 'view_submission' && read.view) return { userId, kind: 'form', blocks: read.view.blocks };
  if (read.type === 'block_suggestion') return { userId, kind: 'keystroke' };
  const typed = read.view?.type === 'modal' && read.actions?.some(({ type }) => type === 'plain_text_input');
  return { userId, kind: typed ? 'letter' : 'click' };
}

const isTyping = ({ kind }: UserInteraction): boolean => kind === 'keystroke' || kind === 'letter';

const payload = z.object({
  type: z.string().optional(),
  command: z.string().optional(),
  user_id: z.string().optional(),
  user: z.object({ id: z.string() }).optional(),
  event: z
    .object({ type: z.literal('app_home_opened'), user: z.string() })
    .optional()
    .catch(undefined),
  actions: z
    .array(z.object({ type: z.string() }))
    .optional()
    .catch(undefined),
  view: z
    .object({
      type: z.string().optional(),
      blocks: z.array(z.looseObject({ type: z.string(), block_id: z.string().optional() })),
    })
    .optional()
    .catch(undefined),
});

const slowDown = (seconds: number): string =>
  `That was a lot at once, and nothing was changed. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`;

/** Counts an interaction. Returns how many seconds to wait, and whether it is the first over the limit; undefined within it. */
async function consume(limiter: RateLimiterMemory, userId: string) {
  try {
    await limiter.consume(userId);
    return undefined;
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const isFirst = refused.consumedPoints === limiter.points + 1;
    return { seconds: Math.ceil(refused.msBeforeNext / 1000), isFirst };
  }
}
