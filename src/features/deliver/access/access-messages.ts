/** The messages about access: to owners when it is open at last, to the admins where it is still open. */
import { listStillOpen } from '../../../db/access/alarms.ts';
import { findKey } from '../../../db/access/keys.ts';
import { findOpened } from '../../../db/access/opened.ts';
import type { Attempt } from '../../../db/outbox/types.ts';
import type { Deps } from '../../../deps.ts';
import type { AccessEffect } from '../../../domain/effects.ts';
import { postOnce } from '../../../slack/messages.ts';
import { accessAlarm, maxNamed } from '../../../views/channel/access-alarm.ts';
import { accessOpenMessage } from '../../../views/registration/access-messages.ts';
import { keyMessage } from '../../../views/registration/keys.ts';

type Open = Extract<AccessEffect, { kind: 'access-open' }>;
type Key = Extract<AccessEffect, { kind: 'access-key' }>;
type Alarm = Extract<AccessEffect, { kind: 'access-alarm' }>;

export function deliverAccessMessages({ config, db, poster }: Deps) {
  return {
    async open({ application, gateway, group, change, person }: Open, attempt: Attempt): Promise<void> {
      const found = await findOpened(db, { application, gateway, group });
      if (!found) return;
      const marker = { event_type: 'registrar_access', event_payload: { change } };
      const posting = { to: person, marker, since: attempt.enqueuedAt };
      await postOnce({ db, poster, attempt }, posting, () => accessOpenMessage(found));
    },

    async key({ key, event, person }: Key, attempt: Attempt): Promise<void> {
      const found = await findKey(db, key);
      if (!found) return;
      const marker = { event_type: 'registrar_key', event_payload: { key, event } };
      const posting = { to: person, marker, since: attempt.enqueuedAt };
      await postOnce({ db, poster, attempt }, posting, () => keyMessage(event, found));
    },

    async alarm({ gateway, at }: Alarm, attempt: Attempt): Promise<void> {
      const found = await listStillOpen(db, gateway, maxNamed);
      if (found.total === 0) return;
      const marker = { event_type: 'registrar_access_alarm', event_payload: { gateway, at } };
      const posting = { to: config.policy.adminChannel, marker, since: attempt.enqueuedAt };
      await postOnce({ db, poster, attempt }, posting, () => accessAlarm(gateway, found));
    },
  };
}
