/** Where the rows say that a message is which bears a marker: of what is there twice, that one stays. */
import { and, eq } from 'drizzle-orm';
import type { CopiesEffect } from '../../domain/effects.ts';
import type { Db } from '../db.ts';
import { decisionName } from '../registration/owner-messages.ts';
import { ownerless } from '../schema/applications.ts';
import { registrations } from '../schema/core.ts';
import { approverMessages, ownerMessages, pendingMessages } from '../schema/direct-messages.ts';
import { reminderMessages } from '../schema/scheduling.ts';

type Marked = Pick<CopiesEffect, 'to' | 'channel' | 'marker'>;
type Place = { channel: string | null; ts: string | null };

/** The kinds of messages whose place is recorded, because they are updated; the others are posted, and never touched again. */
const places: Record<string, (db: Db, marked: Marked) => Promise<Place[]>> = {
  registrar_card: ({ tables }, { marker }) =>
    tables
      .select({ channel: registrations.cardChannel, ts: registrations.cardTs })
      .from(registrations)
      .where(eq(registrations.id, Number(marker.event_payload.registration))),
  registrar_ask: ({ tables }, { marker }) =>
    tables
      .select()
      .from(approverMessages)
      .where(eq(approverMessages.registrationId, Number(marker.event_payload.registration))),
  registrar_receipt: (db, { to, marker }) => ownerMessage(db, to, marker, 'receipt'),
  registrar_access: ({ tables }, { to, marker }) =>
    tables
      .select()
      .from(ownerMessages)
      .where(and(eq(ownerMessages.person, to), eq(ownerMessages.name, `access-open@${marker.event_payload.change}`))),
  registrar_notice: (db, { to, marker }) =>
    ownerMessage(db, to, marker, decisionName(Number(marker.event_payload.version))),
  registrar_waiting: ({ tables }, { to, marker }) =>
    tables
      .select()
      .from(pendingMessages)
      .where(
        and(eq(pendingMessages.person, to), eq(pendingMessages.tick, new Date(String(marker.event_payload.tick)))),
      ),
  registrar_orphan: ({ tables }, { marker }) =>
    tables
      .select()
      .from(ownerless)
      .where(
        and(
          eq(ownerless.applicationId, Number(marker.event_payload.application)),
          eq(ownerless.version, Number(marker.event_payload.version)),
        ),
      ),
  registrar_reminder: async ({ tables }, { to, channel }) => {
    const rows = await tables.select().from(reminderMessages).where(eq(reminderMessages.channel, to));
    return rows.flatMap(({ ts, formerTs }) => [
      { channel, ts },
      { channel, ts: formerTs },
    ]);
  },
};

const ownerMessage = ({ tables }: Db, person: string, { event_payload }: CopiesEffect['marker'], name: string) =>
  tables
    .select()
    .from(ownerMessages)
    .where(
      and(
        eq(ownerMessages.registrationId, Number(event_payload.registration)),
        eq(ownerMessages.person, person),
        eq(ownerMessages.name, name),
      ),
    );

/** Lists the `ts` that the rows have of a message in its channel; undefined for a kind whose place is not recorded. */
export async function findRecorded(db: Db, marked: Marked): Promise<string[] | undefined> {
  const recorded = await places[marked.marker.event_type]?.(db, marked);
  return recorded?.flatMap(({ channel, ts }) => (channel === marked.channel && ts ? [ts] : []));
}
