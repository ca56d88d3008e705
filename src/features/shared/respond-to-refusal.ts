/** The response to a click that is refused: it says why, and which request it is about. */
import type { FoundRegistration } from '../../db/registration/registrations.ts';
import { namesOf } from '../../db/registration/registrations.ts';
import type { Deps } from '../../deps.ts';
import type { Refusal } from '../../domain/registration.ts';
import { type Interaction, respondToAction } from '../../slack/respond.ts';
import { refusalText } from '../../views/registration/refusals.ts';
import { hideChannels } from './hide-channels.ts';

/** Says why a click is refused. The request is named below, unless the sentence names it. */
export async function respondToRefusal(
  interaction: Interaction & { body: { user: { id: string } } },
  refusal: Refusal,
  row: FoundRegistration | undefined,
  { directory, log }: Pick<Deps, 'directory' | 'log'>,
): Promise<void> {
  const about = row && namesOf(row);
  const person = interaction.body.user.id;
  const named = refusal.kind === 'not-an-approver';
  const why = await hideChannels(refusalText(refusal, about), person, { directory });
  await respondToAction(interaction, why, log, named ? undefined : about);
}
