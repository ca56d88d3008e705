/** The response to a click that is refused: it says why, and which request it is about. */
import type { FoundRegistration } from '../../db/registration/registrations.ts';
import { namesOf } from '../../db/registration/registrations.ts';
import type { Refusal } from '../../domain/registration.ts';
import type { Log } from '../../observability/log.ts';
import { type Interaction, respondToAction } from '../../slack/respond.ts';
import { refusalText } from '../../views/registration/refusals.ts';

/** Says why a click is refused. The request is named below, unless the sentence names it. */
export async function respondToRefusal(
  interaction: Interaction,
  refusal: Refusal,
  row: FoundRegistration | undefined,
  log: Log,
): Promise<void> {
  const about = row && namesOf(row);
  const named = refusal.kind === 'not-an-approver';
  await respondToAction(interaction, refusalText(refusal, about), log, named ? undefined : about);
}
