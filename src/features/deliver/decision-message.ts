/** The direct messages about decisions: one for each owner, of all that one act decided. */
import type { Attempt } from '../../db/outbox/types.ts';
import * as cards from '../../db/registration/cards.ts';
import type { Deps } from '../../deps.ts';
import type { Effect, RegistrationEvent } from '../../domain/effects.ts';
import { slackErrorCode } from '../../slack/errors.ts';
import { postOnce } from '../../slack/messages.ts';
import { type Decided, decisionMessage } from '../../views/registration/decision-message.ts';
import { unreachablePerson } from './classify-error.ts';

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

export function deliverDecisionMessage({ config, db, poster, directory }: Deps) {
  return async ({ person, events }: Of<'decision'>, attempt: Attempt): Promise<void> => {
    const [first, ...others] = await loadDecided({ config, db }, events);
    if (!first) return;
    const { registration, entry } = first;
    const marker = {
      event_type: 'registrar_notice',
      event_payload: { registration: registration.id, version: entry.version },
    };
    const posting = { to: person, marker, since: entry.at };
    try {
      await postOnce({ db, poster, attempt }, posting, () => decisionMessage([first, ...others]));
    } catch (error) {
      // Only active owners are told. One who has just left Slack may still be in the list of owners.
      if (!unreachablePerson.includes(slackErrorCode(error) ?? '') || !(await hasLeft(person))) throw error;
    }
  };

  async function hasLeft(person: string): Promise<boolean> {
    directory.invalidate(person);
    return (await directory.account(person)) === 'deactivated';
  }
}

/** Delivers what earlier versions enqueued, for the requester alone. */
export function deliverNotice(deps: Deps) {
  const deliver = deliverDecisionMessage(deps);
  return async ({ registration, version }: Of<'notice'>, attempt: Attempt): Promise<void> => {
    const found = await cards.find(deps.db, registration, deps.config.policy);
    if (!found) return;
    const person = found.registration.requester;
    await deliver({ kind: 'decision', person, events: [{ registration, version }] }, attempt);
  };
}

/** Loads the registrations that events are about, as they are now, each with its event. */
export async function loadDecided(
  { config, db }: Pick<Deps, 'config' | 'db'>,
  events: RegistrationEvent[],
): Promise<Decided[]> {
  const loaded = events.map(async ({ registration: id, version }) => {
    const found = await cards.find(db, id, config.policy);
    const entry = found?.registration.history.find((one) => one.version === version);
    return found && entry ? [{ registration: found.registration, entry }] : [];
  });
  return (await Promise.all(loaded)).flat();
}
