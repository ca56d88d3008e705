/** The message to the admins about access that is still open at a gateway. */

import type { GatewayFailure } from '../../domain/access.ts';
import { escapeMrkdwn, fields, richDate, section, textElement } from '../blocks.ts';
import type { Message } from '../message.ts';
import { gatewayCauses } from '../registration/access.ts';

/** How many are named; the rest is counted. */
export const maxNamed = 10;

type Row = { application: string; group: string; since: Date; failure: GatewayFailure | null };

export function accessAlarm(gateway: string, { rows, total }: { rows: Row[]; total: number }): Message {
  const headline = `Access still open at ${escapeMrkdwn(gateway)} although no registration backs it.`;
  const named = rows.map(({ application, group, since, failure }) => ({
    label: '',
    value: [
      textElement(application, 150),
      textElement(`: group ${group}, since `),
      richDate(since),
      ...(failure ? [textElement(`, because ${gatewayCauses[failure]}`)] : []),
    ],
  }));
  const more = total > rows.length ? [{ label: '', value: [textElement(`and ${total - rows.length} more`)] }] : [];
  const next = 'Registrar keeps trying. If it cannot wait, remove the group at the gateway by hand.';
  return {
    text: headline,
    blocks: [
      { ...section(`:rotating_light: *${headline}*`), block_id: 'access-alarm' },
      fields('still-open', [...named, ...more]),
      { ...section(next), block_id: 'next' },
    ],
  };
}
