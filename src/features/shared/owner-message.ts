/** Posts a direct message to an owner once, records where it is, and updates it while it has buttons. */
import * as homes from '../../db/home/homes.ts';
import * as ownerMessages from '../../db/registration/owner-messages.ts';
import type { Effect } from '../../domain/effects.ts';
import { findEarlier, type PostContext, type Posting, post, update } from '../../slack/messages.ts';
import type { Message } from '../../views/message.ts';

/** A message as it is now. `lasts`: without buttons too, what it tells may change again. */
type Shown = { message: Message; lasts?: boolean };

/** Delivers a message, which `effect` updates. One that was deleted by hand is not posted again. */
export async function deliverOnce(
  context: PostContext,
  posting: Posting,
  message: ownerMessages.OwnerMessage,
  effect: Effect | null,
  render: () => Promise<Shown>,
): Promise<void> {
  const place = await ownerMessages.findPlace(context.db, message);
  const shown = await render();
  if (place) {
    if (await update(context, place, shown.message)) await record(place, shown);
    return;
  }
  const posted = (await findEarlier(context, posting)) ?? (await post(context, posting, shown.message));
  if (!hasButtons(shown)) return record(posted, { message: shown.message });
  await record(posted, shown);
  // What has ended before the place was recorded has enqueued no update.
  const now = await render();
  if (hasButtons(now) || !(await update(context, posted, now.message))) return;
  await record(posted, now);

  async function record(at: { channel: string; ts: string }, now: Shown): Promise<void> {
    await context.attempt.write(async (fenced) => {
      await ownerMessages.recordShown(fenced, message, at, hasButtons(now) || now.lasts ? effect : null);
      // Home links to it, and may have been drawn while Slack took it.
      if (!place) await homes.markStale(fenced, null, [message.person]);
    });
  }
}

const hasButtons = ({ message: { blocks } }: Shown): boolean => blocks.some(({ type }) => type === 'actions');
