import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import * as cards from '../../db/registration/cards.ts';
import type { Deps } from '../../deps.ts';
import type { Effect } from '../../domain/effects.ts';
import { slackErrorCode } from '../../slack/errors.ts';
import { fetchPermalink } from '../../slack/messages.ts';
import { renderEmail } from '../../views/registration/email.ts';

type Mail = Extract<Effect, { kind: 'mail' }>;

/** How long a letter waits for its card to be posted before it goes without the link, and how often it looks. */
const waitsFor = 60_000;
const looksAgainAfter = 1;

/** One address and nothing else: what stands in a profile is not always one. */
const address = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/;

const hidden = ['user_not_found', 'user_not_visible'];

export function deliverEmail({ config, db, poster, mailer, now, log }: Deps) {
  return async ({ registration: id, version }: Mail, attempt: Attempt): Promise<DeliveryResult> => {
    const found = await cards.find(db, id, config.policy);
    const entry = found?.registration.history.find((one) => one.version === version);
    if (!mailer || !found || !entry) return { status: 'delivered' };
    const { place, registration } = found;
    if (!place && now().getTime() - attempt.enqueuedAt.getTime() < waitsFor) {
      return { status: 'postponed', seconds: looksAgainAfter };
    }
    const requester = await profile(registration.requester);
    const to = requester?.email ?? '';
    if (!address.test(to)) {
      log.debug({ registration: id }, 'the requester has no e-mail address in Slack');
      return { status: 'delivered' };
    }
    const decider = entry.actor && entry.action !== 'request' ? await profile(entry.actor) : undefined;
    const card = place ? await fetchPermalink(poster, place.channel, place.ts) : undefined;
    // The public id keeps the name apart from those of other databases, which count from 1 as well.
    const name = `registration-${registration.publicId}-${version}`;
    await mailer.send(to, name, renderEmail(registration, entry, { decidedBy: decider?.name, card }));
    return { status: 'delivered' };
  };

  /** Undefined for somebody whom Slack does not show: nobody to write to, and nobody to name. */
  async function profile(user: string) {
    try {
      const { user: known } = await poster.users.info({ user });
      return { email: known?.profile?.email, name: known?.profile?.real_name || known?.real_name };
    } catch (error) {
      if (hidden.includes(slackErrorCode(error) ?? '')) return undefined;
      throw error;
    }
  }
}
