/** Posts a direct message to an owner once, records where it is, and updates it while it has buttons. */
import * as ownerMessages from '../../db/registration/owner-messages.ts';
import type { Effect } from '../../domain/effects.ts';
import { findEarlier, type PostContext, type Posting, post, update } from '../../slack/messages.ts';
import type { Message } from '../../views/message.ts';

/** Delivers a message, which `effect` updates. One that was deleted by hand is not posted again. */
export async function deliverOnce(
  context: PostContext,
  posting: Posting,
  message: ownerMessages.OwnerMessage,
  effect: Effect | null,
  render: () => Promise<Message>,
): Promise<void> {
  const place = await ownerMessages.findPlace(context.db, message);
  const shown = await render();
  if (place) {
    if (await update(context, place, shown)) await record(place, shown);
    return;
  }
  const posted = (await findEarlier(context, posting)) ?? (await post(context, posting, shown));
  await record(posted, shown);
  if (!hasButtons(shown)) return;
  // What has ended before the place was recorded has enqueued no update.
  const now = await render();
  if (hasButtons(now) || !(await update(context, posted, now))) return;
  await record(posted, now);

  async function record(at: { channel: string; ts: string }, of: Message): Promise<void> {
    await context.attempt.write((fenced) =>
      ownerMessages.recordShown(fenced, message, at, hasButtons(of) ? effect : null),
    );
  }
}

const hasButtons = ({ blocks }: Message): boolean => blocks.some(({ type }) => type === 'actions');
