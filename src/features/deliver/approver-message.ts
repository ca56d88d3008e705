/** The direct messages that ask approvers who cannot see the card of a request: posted once, and kept up to date. */
import type { Attempt } from '../../db/outbox/types.ts';
import * as asked from '../../db/registration/approver-messages.ts';
import * as cards from '../../db/registration/cards.ts';
import * as registrations from '../../db/registration/registrations.ts';
import type { Deps } from '../../deps.ts';
import type { Effect } from '../../domain/effects.ts';
import { findEarlier, post, update } from '../../slack/messages.ts';
import { approverMessage } from '../../views/registration/approver-message.ts';
import { canDecide } from '../shared/can-decide.ts';
import { cannotSeeCards } from '../shared/card-readers.ts';

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

export function deliverApproverMessages({ config, db, poster, directory }: Deps) {
  const { policy } = config;
  return { askAll, askOne };

  /** Finds who cannot see the card and can decide, and has each of them asked. */
  async function askAll({ registration: id }: Of<'ask-approvers'>, attempt: Attempt): Promise<void> {
    const found = await cards.find(db, id, policy);
    if (found?.registration.status !== 'pending') return;
    const { registration } = found;
    const { asked: people } = await cannotSeeCards(registration.approvers, { directory });
    const able: string[] = [];
    const row = await registrations.find(db, id);
    if (row) for (const person of people) if (await canDecide(person, row, { config, directory })) able.push(person);
    await attempt.write((fenced) => asked.ask(fenced, id, able));
  }

  async function askOne({ registration: id, person }: Of<'ask'>, attempt: Attempt): Promise<void> {
    const found = await cards.find(db, id, policy);
    if (!found) return;
    const { registration } = found;
    const pending = registration.status === 'pending';
    const row = pending ? await registrations.find(db, id) : undefined;
    const able = row !== undefined && (await canDecide(person, row, { config, directory }));
    const message = approverMessage(registration, { able, home: (await directory.appLinks()).home });
    const context = { db, poster, attempt };
    const marker = {
      event_type: 'registrar_ask',
      event_payload: { registration: id, public_id: registration.publicId },
    };
    const posting = { to: person, marker, since: registration.requestedAt };
    const place = (await asked.findPlace(db, id, person)) ?? (await findEarlier(context, posting));
    const shown = place && (await update(context, place, message)) ? place : undefined;
    if (!shown && (place || !able)) return;
    const posted = shown ?? (await post(context, posting, message));
    await attempt.write((fenced) => asked.recordPosted(fenced, id, person, posted));
  }
}
