/** The direct messages about decisions: one for each owner, of all that one act decided. */
import { promiseAccess } from '../../db/access/shown.ts';
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import * as cards from '../../db/registration/cards.ts';
import * as ownerMessages from '../../db/registration/owner-messages.ts';
import * as requests from '../../db/registration/requests.ts';
import type { Deps } from '../../deps.ts';
import type { Effect, RegistrationEvent } from '../../domain/effects.ts';
import { type Decided, decisionMessage } from '../../views/registration/decision-message.ts';
import { deliverOnce } from '../shared/owner-message.ts';
import { accessLookInterval, oneMessageFor } from './access/one-message.ts';

/** Tells whether a decision gives access that the gateway has not confirmed yet. */
const isOnItsWay = ({ registration, entry }: Decided): boolean =>
  entry.to === 'approved' && registration.access?.kind === 'on-its-way';

/** Tells whether a decision has ended access that calls may still go through with. */
const isStillOpen = ({ registration, entry }: Decided): boolean =>
  entry.to !== 'approved' && registration.access?.kind === 'still-open';

/** Tells whether a decision still gives access, which may move. */
const isApprovedWithAccess = ({ registration, entry }: Decided): boolean =>
  entry.to === 'approved' && registration.status === 'approved' && registration.access !== null;

/** Tells whether a message about decisions still waits for the gateway. */
export const waitsForAccess = (decided: Decided[], { job }: Attempt): boolean =>
  job.age < oneMessageFor && decided.some((one) => isOnItsWay(one) || isStillOpen(one));

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

export function deliverDecisionMessage({ config, db, poster, now }: Deps) {
  return async (effect: Of<'decision'>, attempt: Attempt): Promise<DeliveryResult | undefined> => {
    const { person, events } = effect;
    const loaded = await loadDecided({ config, db }, events);
    const waiting = loaded.filter(isOnItsWay);
    if (waitsForAccess(loaded, attempt)) return { status: 'postponed', seconds: accessLookInterval };
    for (const { registration } of waiting)
      await attempt.write((fenced) => promiseAccess(fenced, registration.id, now()));
    const [first] = loaded;
    if (!first) return undefined;
    const { registration, entry } = first;
    const marker = {
      event_type: 'registrar_notice',
      event_payload: { registration: registration.id, public_id: registration.publicId, version: entry.version },
    };
    const posting = { to: person, marker, since: entry.at };
    const message = {
      registrations: loaded.map((one) => one.registration.id),
      person,
      name: ownerMessages.decisionName(entry.version),
    };
    // What has been opened or asked again meanwhile is said: it is loaded again.
    await deliverOnce({ db, poster, attempt }, posting, message, effect, async () => {
      const [now = first, ...others] = await loadDecided({ config, db }, events);
      const ownership = await ownerMessages.ownershipOf(db, registration.id, person);
      const lasts = ownership === 'owned' && [now, ...others].some(isApprovedWithAccess);
      return { message: decisionMessage([now, ...others], ownership), lasts };
    });
    return undefined;
  };
}

/** Delivers what earlier versions enqueued, for the requester alone. */
export function deliverNotice(deps: Deps) {
  const deliver = deliverDecisionMessage(deps);
  return async ({ registration, version }: Of<'notice'>, attempt: Attempt): Promise<DeliveryResult | undefined> => {
    const found = await cards.find(deps.db, registration, deps.config.policy);
    if (!found) return undefined;
    const person = found.registration.requester;
    return deliver({ kind: 'decision', person, events: [{ registration, version }] }, attempt);
  };
}

/** Loads the registrations that events are about, as they are now, each with its event. */
export async function loadDecided(
  { config, db }: Pick<Deps, 'config' | 'db'>,
  events: RegistrationEvent[],
): Promise<Decided[]> {
  const ids = events.map(({ registration }) => registration);
  const replaced = await requests.findReplaced(db, ids);
  const loaded = events.map(async ({ registration: id, version }) => {
    const found = await cards.find(db, id, config.policy);
    const entry = found?.registration.history.find((one) => one.version === version);
    return found && entry ? [{ registration: found.registration, entry, replaced: replaced.has(id) }] : [];
  });
  return (await Promise.all(loaded)).flat();
}
