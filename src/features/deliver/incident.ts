/** A human hears of what only a human can mend: the admin channel, or, where that is what is dead, an approver. */

import * as deadLetters from '../../db/outbox/dead-letters.ts';
import * as troubles from '../../db/outbox/incidents.ts';
import type { Attempt } from '../../db/outbox/types.ts';
import type { Deps } from '../../deps.ts';
import { admins, membershipsToCheck } from '../../domain/authorization.ts';
import type { Effect } from '../../domain/effects.ts';
import { slackErrorCode } from '../../slack/errors.ts';
import {
  channelErrors,
  directChannel,
  findPosted,
  type MessageMarker,
  type PostContext,
  post,
  userGoneErrors,
} from '../../slack/messages.ts';
import { incidentMessage } from '../../views/channel/incident.ts';
import type { Message } from '../../views/message.ts';

type Trouble = Extract<Effect, { kind: 'trouble' }>;

/** How many people are tried before it stays with the log. */
const triedAtMost = 10;

export function deliverIncident({ config, db, poster, directory, log }: Deps) {
  const { policy } = config;

  return async ({ place, why, at }: Trouble, attempt: Attempt): Promise<void> => {
    const known = await troubles.find(db, { place, why });
    const stands = known?.overAt === null;
    const letters = await deadLetters.count(db, { place, why });
    if (!stands && letters === 0) return;
    const message = incidentMessage({ place, why, open: stands, deadLetters: letters });
    const posting = { db, poster, attempt };
    const mark: MessageMarker = { event_type: 'registrar_trouble', event_payload: { place, why, at } };
    if (await told(posting, policy.adminChannel, message, mark)) return;
    for (const person of (await people()).slice(0, triedAtMost)) {
      if (await told(posting, person, message, mark)) return;
    }
    log.error({ place, why, letters }, 'nobody could be told that messages do not arrive');
  };

  /** Whoever looks after the workspace; of a channel that Slack does not show any more, nobody is known. */
  async function people(): Promise<string[]> {
    const { users, groups } = admins(policy);
    const named = [...users, ...(await directory.members(groups))];
    if (named.length > 0) return [...new Set(named)];
    return directory.members(membershipsToCheck(admins(policy), ''));
  }
}

/** False where nobody reads there; then somebody else is told. */
async function told(
  { db, poster, attempt }: PostContext,
  to: string,
  message: Message,
  mark: MessageMarker,
): Promise<boolean> {
  try {
    if (!attempt.first) {
      const channel = /^[CG]/.test(to) ? to : await directChannel(poster, to);
      if (channel && (await findPosted(poster, channel, mark, attempt.since))) return true;
    }
    await post({ db, poster, attempt }, to, message, mark);
    return true;
  } catch (error) {
    if ([...channelErrors, ...userGoneErrors, 'messages_tab_disabled'].includes(slackErrorCode(error) ?? ''))
      return false;
    throw error;
  }
}
