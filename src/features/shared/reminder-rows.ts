/** The rows of a reminder: requests with the name of the requester and a link to the card. */
import type * as reminders from '../../db/scheduling/reminders.ts';
import type { Deps } from '../../deps.ts';
import { msPer } from '../../domain/duration.ts';
import { permalinkFor } from '../../slack/messages.ts';

export type PendingRow = reminders.PendingReminder['rows'][number];

/**
 * How long a name is cached, in milliseconds: a tick can list more people than Slack allows look-ups, 100 a minute
 * (users.info, tier 4, https://docs.slack.dev/apis/web-api/rate-limits).
 */
const nameTtl = msPer.hour;

/**
 * Adds names, and links to the cards in channels that `isSeen` says all readers of the reminder can see. Slack is asked once for
 * each requester, and never for a link.
 */
export async function withNames(
  rows: PendingRow[],
  isSeen: (channel: string) => Promise<boolean>,
  { directory }: Pick<Deps, 'directory'>,
) {
  const places = [...new Set(rows.flatMap(({ registration }) => registration.cardChannel ?? []))];
  const seen = new Set<string>();
  for (const place of places) if (await isSeen(place)) seen.add(place);
  const url = await directory.workspaceUrl();
  const requesters = [...new Set(rows.map(({ registration }) => registration.requester))];
  const lookups = requesters.map(async (id) => [id, (await directory.member(id, nameTtl))?.name] as const);
  const names = new Map(await Promise.all(lookups));
  return rows.map(({ registration, service, application, owners }) => {
    const { cardChannel, cardTs, requester } = registration;
    const link =
      cardChannel && cardTs && seen.has(cardChannel)
        ? permalinkFor(url, { channel: cardChannel, ts: cardTs })
        : undefined;
    return { registration, service, application, owners, called: names.get(requester) ?? requester, link };
  });
}
