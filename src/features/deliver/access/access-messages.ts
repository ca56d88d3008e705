/** The messages about access: to owners when it is open at last, or taken away, to the admins where it is still open. */
import { listStillOpen } from '../../../db/access/alarms.ts';
import { findKey } from '../../../db/access/keys.ts';
import { findLost, findOpened } from '../../../db/access/opened.ts';
import { promiseAccess } from '../../../db/access/shown.ts';
import type { Attempt, DeliveryResult } from '../../../db/outbox/types.ts';
import * as ownerMessages from '../../../db/registration/owner-messages.ts';
import * as registrations from '../../../db/registration/registrations.ts';
import type { Deps } from '../../../deps.ts';
import type { AccessEffect } from '../../../domain/effects.ts';
import { postOnce } from '../../../slack/messages.ts';
import { accessAlarm, maxNamed } from '../../../views/channel/access-alarm.ts';
import {
  accessChangeOverMessage,
  accessEndedMessage,
  accessLostMessage,
  accessOpenMessage,
} from '../../../views/registration/access-messages.ts';
import { keyMessage } from '../../../views/registration/keys.ts';
import { deliverOnce } from '../../shared/owner-message.ts';
import { accessLookInterval, oneMessageFor } from './one-message.ts';

type Open = Extract<AccessEffect, { kind: 'access-open' }>;
type Lost = Extract<AccessEffect, { kind: 'access-lost' }>;
type Key = Extract<AccessEffect, { kind: 'access-key' }>;
type Alarm = Extract<AccessEffect, { kind: 'access-alarm' }>;

export function deliverAccessMessages({ config, db, poster, now }: Deps) {
  async function find(ids: number[]) {
    const rows = await Promise.all(ids.map((id) => registrations.find(db, id)));
    return rows.filter((row) => row !== undefined);
  }

  const namesOf = async (ids: number[]) =>
    (await find(ids)).map(({ service, application }) => ({ service: service.name, application }));

  async function changeOverMessage(ids: number[]) {
    const ended = (await find(ids)).every(({ registration }) => registration.status !== 'approved');
    return accessChangeOverMessage(await namesOf(ids), ended);
  }

  const isOwned = async ([id = 0]: number[], person: string) =>
    (await ownerMessages.ownershipOf(db, id, person)) === 'owned';

  return {
    /** Posts it while the group is open, and updates it when the group is closed. */
    async open(effect: Open, attempt: Attempt): Promise<void> {
      const { application, gateway, group, change, person } = effect;
      const name = `access-open@${change}`;
      const told = await ownerMessages.listAbout(db, application, person, name);
      const found = await findOpened(db, { application, gateway, group });
      const ids = told.length > 0 ? told : (found?.services.map(({ id }) => id) ?? []);
      if (ids.length === 0) return;
      const marker = { event_type: 'registrar_access', event_payload: { change } };
      const posting = { to: person, marker, since: attempt.job.enqueuedAt };
      await deliverOnce({ db, poster, attempt }, posting, { registrations: ids, person, name }, effect, async () => {
        const open = await findOpened(db, { application, gateway, group });
        const message = open
          ? accessOpenMessage(open, await isOwned(ids, person))
          : accessEndedMessage(await namesOf(ids));
        return { message };
      });
    },

    /**
     * Tells of what was taken away, as decisions are told: once the gateways have confirmed, or after a few seconds. What was
     * posted is updated when that changes again.
     */
    async lost(effect: Lost, attempt: Attempt): Promise<DeliveryResult> {
      const { application, change, person } = effect;
      const name = `access-lost@${change}`;
      let ids = await ownerMessages.listAbout(db, application, person, name);
      if (ids.length === 0) {
        const before = await findLost(db, effect);
        if (!before) return { status: 'delivered' };
        const isComing = before.now && !before.now.open;
        if (attempt.job.age < oneMessageFor && (before.stillOpen || isComing))
          return { status: 'postponed', seconds: accessLookInterval };
        if (isComing) await attempt.write((fenced) => promiseAccess(fenced, before.registration.id, now()));
        const found = await findLost(db, effect);
        // Calls go through at the same gateway, with the same keys: for its owners nothing has changed.
        if (!found || (found.now?.open && found.now.gateway === effect.gateway)) return { status: 'delivered' };
        ids = [found.registration.id];
      }
      const marker = { event_type: 'registrar_access_lost', event_payload: { change } };
      const posting = { to: person, marker, since: attempt.job.enqueuedAt };
      await deliverOnce({ db, poster, attempt }, posting, { registrations: ids, person, name }, effect, async () => {
        const lost = await findLost(db, effect);
        if (!lost) return { message: await changeOverMessage(ids) };
        const owned = await isOwned(ids, person);
        return { message: accessLostMessage(lost, owned), lasts: owned && lost.now !== null };
      });
      return { status: 'delivered' };
    },

    async key({ key, event, person }: Key, attempt: Attempt): Promise<void> {
      const found = await findKey(db, key);
      if (!found) return;
      const marker = { event_type: 'registrar_key', event_payload: { key, event } };
      const posting = { to: person, marker, since: attempt.job.enqueuedAt };
      await postOnce({ db, poster, attempt }, posting, () => keyMessage(event, found));
    },

    async alarm({ gateway, at }: Alarm, attempt: Attempt): Promise<void> {
      const found = await listStillOpen(db, gateway, maxNamed);
      if (found.total === 0) return;
      const marker = { event_type: 'registrar_access_alarm', event_payload: { gateway, at } };
      const posting = { to: config.policy.adminChannel, marker, since: attempt.job.enqueuedAt };
      await postOnce({ db, poster, attempt }, posting, () => accessAlarm(gateway, found));
    },
  };
}
