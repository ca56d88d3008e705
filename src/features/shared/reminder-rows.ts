/** A request as a reminder lists it, by what its requester is called and with a link to its card. */
import type * as reminders from '../../db/scheduling/reminders.ts';
import type { Deps } from '../../deps.ts';
import { permalinkFor } from '../../slack/messages.ts';

export type ReminderRow = reminders.PendingReminder['rows'][number];

/** Names hardly change, and Slack may be asked about a hundred people a minute: a tick can name more than that. */
const namesKeptFor = 3_600_000;

/** Asks Slack once for each requester, and not for the links. */
export async function withNames(rows: ReminderRow[], { directory }: Pick<Deps, 'directory'>) {
  const url = await directory.workspaceUrl();
  const requesters = [...new Set(rows.map(({ registration }) => registration.requester))];
  const asked = requesters.map(async (id) => [id, (await directory.member(id, namesKeptFor))?.name] as const);
  const names = new Map(await Promise.all(asked));
  return rows.map(({ registration, service, application }) => {
    const { cardChannel, cardTs, requester } = registration;
    const link = cardChannel && cardTs ? permalinkFor(url, { channel: cardChannel, ts: cardTs }) : undefined;
    return { registration, service, application, called: names.get(requester) ?? requester, link };
  });
}
