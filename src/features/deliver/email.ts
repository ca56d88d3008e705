/** The e-mails about decisions: one for each owner, of all that one act decided. */
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import * as cards from '../../db/registration/cards.ts';
import type { Deps } from '../../deps.ts';
import type { Effect } from '../../domain/effects.ts';
import { slackErrorCode } from '../../slack/errors.ts';
import { isForgotten } from '../../slack/messages.ts';
import { renderEmail } from '../../views/registration/email.ts';
import { accessLookInterval } from './access/one-message.ts';
import { loadDecided, waitsForAccess } from './decision-message.ts';

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

/** One address and nothing else: the field of a profile does not always hold one. */
const address = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/;

/**
 * How old an e-mail may be, in seconds, that is sent after a restore. It may have been sent before, and no mailbox can be
 * searched for it: mail systems drop the second one of a Message-ID while they remember the first.
 */
const sentAgainFor = 24 * 3600;

const hidden = ['user_not_found', 'user_not_visible'];

export function deliverEmail({ config, db, poster, directory, mailer, log }: Deps) {
  return async ({ person, events }: Of<'decision-mail'>, attempt: Attempt): Promise<DeliveryResult> => {
    const [first, ...others] = await loadDecided({ config, db }, events);
    if (first && waitsForAccess([first, ...others], attempt))
      return { status: 'postponed', seconds: accessLookInterval };
    if (!mailer || !first) return { status: 'delivered' };
    const { registration, entry } = first;
    const { enqueuedAt, age } = attempt.job;
    if (isForgotten(attempt, enqueuedAt) && age > sentAgainFor) {
      const about = { registration: registration.id, version: entry.version, person };
      log.warn(
        about,
        'e-mail of before the restore not sent: it is old, and was probably sent before; Slack has the message',
      );
      return { status: 'delivered' };
    }
    const owner = await profile(person);
    const to = owner?.email ?? '';
    if (!address.test(to)) {
      log.debug({ registration: registration.id, person }, 'the owner has no e-mail address in Slack');
      return { status: 'delivered' };
    }
    const decider = entry.actor && entry.action !== 'request' ? await profile(entry.actor) : undefined;
    const { web } = await directory.appLinks();
    // The public id keeps the name apart from those of other databases, which count from 1 as well.
    const name = `registration-${registration.publicId}-${entry.version}-${person}`;
    // A worker that has the lease now may be sending the same.
    attempt.signal.throwIfAborted();
    await mailer.send(to, name, renderEmail([first, ...others], { decidedBy: decider?.name, app: web }));
    return { status: 'delivered' };
  };

  /** Looks up a profile. Undefined for a user whom Slack does not show, or who has left: they get no e-mail, and are not named in one. */
  async function profile(user: string) {
    try {
      const { user: known } = await poster.users.info({ user });
      const name = known?.profile?.real_name || known?.real_name;
      return { email: known?.deleted ? undefined : known?.profile?.email, name };
    } catch (error) {
      if (hidden.includes(slackErrorCode(error) ?? '')) return undefined;
      throw error;
    }
  }
}

/** Delivers what earlier versions enqueued, for the requester alone. */
export function deliverMail(deps: Deps) {
  const deliver = deliverEmail(deps);
  return async ({ registration, version }: Of<'mail'>, attempt: Attempt): Promise<DeliveryResult> => {
    const found = await cards.find(deps.db, registration, deps.config.policy);
    if (!found) return { status: 'delivered' };
    const person = found.registration.requester;
    return deliver({ kind: 'decision-mail', person, events: [{ registration, version }] }, attempt);
  };
}
