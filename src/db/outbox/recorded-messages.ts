/** Where the rows say that a message is which bears a marker: of what is there twice, that one stays. */
import { type SQL, sql } from 'drizzle-orm';
import type { CopiesEffect } from '../../domain/effects.ts';
import type { Db } from '../db.ts';
import { decisionName } from '../registration/owner-messages.ts';
import { ownerless } from '../schema/applications.ts';
import { registrations } from '../schema/core.ts';
import { approverMessages, ownerMessages, pendingMessages } from '../schema/direct-messages.ts';
import { reminderMessages } from '../schema/scheduling.ts';

type Marked = Pick<CopiesEffect, 'to' | 'channel' | 'marker'>;

const ofOwner = (person: string, name: string) =>
  sql`select channel, ts from ${ownerMessages} where person = ${person} and name = ${name}`;

/** Selects the place of a message of a kind that is updated; the others are posted, and never touched again. */
const places: Record<string, (payload: Marked['marker']['event_payload'], marked: Marked) => SQL> = {
  registrar_card: ({ registration }) =>
    sql`select card_channel as channel, card_ts as ts from ${registrations} where id = ${registration}`,
  registrar_ask: ({ registration }) =>
    sql`select channel, ts from ${approverMessages} where registration_id = ${registration}`,
  registrar_receipt: ({ registration }, { to }) => sql`${ofOwner(to, 'receipt')} and registration_id = ${registration}`,
  registrar_notice: ({ registration, version }, { to }) =>
    sql`${ofOwner(to, decisionName(Number(version)))} and registration_id = ${registration}`,
  registrar_access: ({ change }, { to }) => ofOwner(to, `access-open@${change}`),
  registrar_access_lost: ({ change }, { to }) => ofOwner(to, `access-lost@${change}`),
  registrar_waiting: ({ tick }, { to }) =>
    sql`select channel, ts from ${pendingMessages} where person = ${to} and tick = ${tick}::timestamptz`,
  registrar_orphan: ({ application, version }) =>
    sql`select channel, ts from ${ownerless} where application_id = ${application} and version = ${version}`,
  registrar_reminder: (_, { to, channel }) =>
    sql`select ${channel}::text as channel, unnest(array[ts, former_ts]) as ts from ${reminderMessages} where channel = ${to}`,
};

/** Lists the `ts` that the rows have of a message in its channel; undefined for a kind whose place is not recorded. */
export async function findRecorded({ tables }: Db, marked: Marked): Promise<string[] | undefined> {
  const place = places[marked.marker.event_type]?.(marked.marker.event_payload, marked);
  if (!place) return undefined;
  const recorded = await tables.execute<{ channel: string | null; ts: string | null }>(place);
  return recorded.flatMap(({ channel, ts }) => (channel === marked.channel && ts ? [ts] : []));
}
