/** Reports what only a human can fix: to the admin channel, or, where that is the broken destination, to an approver. */

import * as deadLetters from '../../db/outbox/dead-letters.ts';
import * as incidents from '../../db/outbox/incidents.ts';
import type { Attempt } from '../../db/outbox/types.ts';
import type { Deps } from '../../deps.ts';
import { admins, membershipsToCheck } from '../../domain/authorization.ts';
import type { Effect } from '../../domain/effects.ts';
import { authErrors, isRefusal, slackErrorCode } from '../../slack/errors.ts';
import { type PostContext, type Posting, postOnce } from '../../slack/messages.ts';
import { incidentMessage } from '../../views/channel/incident.ts';
import type { Message } from '../../views/message.ts';
import { hideChannels, hideChannelsIn } from '../shared/hide-channels.ts';
import { malformed } from './classify-error.ts';

type IncidentJob = Extract<Effect, { kind: 'trouble' }>;

/** How many people are tried before it stays with the log. */
const triedAtMost = 10;

export function deliverIncident({ config, db, poster, directory, log }: Deps) {
  const { policy } = config;

  return async ({ place, why, at }: IncidentJob, attempt: Attempt): Promise<void> => {
    const incident = { destination: place, cause: why };
    const known = await incidents.find(db, incident);
    const isOpen = known?.overAt === null;
    const letters = await deadLetters.count(db, incident);
    if (!isOpen && letters === 0) return;
    const message = incidentMessage({ place, why, open: isOpen, deadLetters: letters });
    const context = { db, poster, attempt };
    const marker = { event_type: 'registrar_trouble', event_payload: { place, why, at } };
    const posting = { marker, since: attempt.job.enqueuedAt };
    const toChannel = await hideChannelsIn(message, policy.adminChannel, { directory });
    if (await tell(context, { ...posting, to: policy.adminChannel }, toChannel)) return;
    for (const to of (await people()).slice(0, triedAtMost)) {
      if (await tell(context, { ...posting, to }, await hideChannels(message, to, { directory }))) return;
    }
    log.error({ place, why, letters }, 'no admin could be notified that messages do not arrive');
  };

  /** Lists the people who look after the workspace; none of a channel that Slack no longer shows. */
  async function people(): Promise<string[]> {
    const { users, groups } = admins(policy);
    const named = [...users, ...(await directory.members(groups))];
    if (named.length > 0) return [...new Set(named)];
    return directory.members(membershipsToCheck(admins(policy), ''));
  }
}

/** Posts it; false where no one reads there, and another must be told. */
async function tell(context: PostContext, posting: Posting, message: Message): Promise<boolean> {
  try {
    await postOnce(context, posting, () => message);
    return true;
  } catch (error) {
    const code = slackErrorCode(error) ?? '';
    if (isRefusal(error) && !authErrors.includes(code) && !malformed.includes(code)) return false;
    throw error;
  }
}
