/** Posts a direct message to an owner once, records where it is, and updates it while it has buttons. */
import * as ownerMessages from '../../db/registration/owner-messages.ts';
import type { Effect } from '../../domain/effects.ts';
import { findEarlier, findPosted, type PostContext, type Posting, post, update } from '../../slack/messages.ts';
import type { Message } from '../../views/message.ts';

/** Delivers a message, which `effect` updates. One that was deleted by hand is not posted again. */
export async function deliverOnce(
  context: PostContext,
  posting: Posting,
  message: ownerMessages.OwnerMessage,
  effect: Effect | null,
  render: () => Promise<Message>,
): Promise<void> {
  const { attempt } = context;
  const { begun, place } = await attempt.write((fenced) => ownerMessages.begin(fenced, message, effect));
  const shown = await render();
  // The job that was to post it may have ended without its outcome being known.
  const isUpdate = effect !== null && 'again' in effect;
  const found = place ?? (await (isUpdate ? findPosted : findEarlier)(context, posting));
  if (found && begun && !(await update(context, found, shown))) return;
  const posted = found ?? (await post(context, posting, shown));
  await attempt.write((fenced) => ownerMessages.recordShown(fenced, message, posted, hasButtons(shown)));
}

const hasButtons = ({ blocks }: Message): boolean => blocks.some(({ type }) => type === 'actions');
