/** The direct message that tells a requester what a form requested: posted once, of what was true then. */
import type { Attempt } from '../../db/outbox/types.ts';
import type { Deps } from '../../deps.ts';
import type { Effect } from '../../domain/effects.ts';
import type { Decided } from '../../views/registration/decision-message.ts';
import { receiptMessage } from '../../views/registration/receipt.ts';
import { deliverOnce } from '../shared/owner-message.ts';
import { approversFor } from '../shared/shown-approvers.ts';
import { loadDecided } from './decision-message.ts';

type Receipt = Extract<Effect, { kind: 'receipt' }>;

export function deliverReceipt({ config, db, poster, directory }: Deps) {
  return async ({ person, events }: Receipt, attempt: Attempt): Promise<void> => {
    const requested = await loadDecided({ config, db }, events);
    const [first] = requested;
    if (!first) return;
    const { id, publicId, application, requestedAt } = first.registration;
    const marker = { event_type: 'registrar_receipt', event_payload: { registration: id, public_id: publicId } };
    const posting = { to: person, marker, since: requestedAt };
    const message = { registrations: events.map(({ registration }) => registration), person, name: 'receipt' };
    await deliverOnce({ db, poster, attempt }, posting, message, null, async () => ({
      message: receiptMessage(application, requestedAt, await Promise.all(requested.map((one) => facts(person, one)))),
    }));
  };

  async function facts(person: string, { registration: { service, approvers }, entry }: Decided) {
    const shown = await approversFor(person, approvers, { directory });
    return { service: service.name, status: entry.to, approvers: shown };
  }
}
