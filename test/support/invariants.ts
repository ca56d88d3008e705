/**
 * Compares what is kept with what people see, once nothing is left to deliver: database, record, cards, direct messages
 * and outbox. For the end of any story.
 */

import { formatVerifyResult } from '../../src/cli/audit/verify-report.ts';
import { verify } from '../../src/db/audit-log/hash-chain.ts';
import { connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import * as cards from '../../src/db/registration/cards.ts';
import type { Policy } from '../../src/domain/authorization.ts';
import type { MessageLocation } from '../../src/domain/reference.ts';
import { type EventKind, nextStatus, type Status } from '../../src/domain/registration.ts';
import { permalinkFor } from '../../src/slack/messages.ts';
import { requestCard } from '../../src/views/registration/card.ts';
import { fingerprint } from '../../src/views/registration/card-fingerprint.ts';
import type { Message } from '../local-slack/model.ts';
import { readable } from '../local-slack/transcript.ts';
import type { Workspace } from '../local-slack/workspace.ts';
import type { TestDatabase } from './database.ts';

type Place = { workspace: Workspace; database: TestDatabase };

/** The events that each owner of the application is told of, those of one act in one direct message. */
const told: EventKind[] = ['approve', 'reject', 'revoke', 'reinstate', 'delete', 'expire'];

/** What people read on a card: how it stands, and what can still be done. */
const reads: Record<Status, RegExp> = {
  pending: /\[Approve\] \[Reject\]/,
  approved:
    /(Approved by|Approved automatically|Reinstated by)[\s\S]*\[Revoke\]|· approved automatically[\s\S]*Revoke \|/,
  rejected: /Rejected by(?![\s\S]*\[(Approve|Reject|Revoke|Reinstate)\])/,
  revoked: /Revoked by[\s\S]*\[Reinstate\]/,
  unregistered: /Unregistered by(?![\s\S]*\[(Approve|Reject|Revoke|Reinstate)\])/,
  deleted: /Deleted by(?![\s\S]*\[(Approve|Reject|Revoke|Reinstate)\])/,
  expired: /Expired(?![\s\S]*\[(Approve|Reject|Revoke|Reinstate)\])/,
};

/** What a request can become before its card is posted, and then gets none. */
const over: Status[] = ['unregistered', 'deleted', 'expired'];

/** What people read in the message that tells of an event. */
const says: Partial<Record<EventKind, RegExp>> = {
  request: /Approved automatically/,
  approve: /Approved by/,
  reject: /Rejected by/,
  revoke: /Revoked by/,
  reinstate: /Reinstated by/,
  delete: /Deleted by/,
};

/** Lists everything that is wrong, in words. Dead letters count as wrong. */
export async function findViolations(scenario: Place, policy: Policy): Promise<string[]> {
  const { tables, close } = connect(scenario.database.url);
  const db = { tables, outbox: createOutbox() };
  try {
    const drawn = async (id: number) => cards.find(db, id, policy);
    const verified = await verify(scenario.database.url);
    const evidence = verified.fits ? [] : [formatVerifyResult(verified)];
    return [
      ...(await outbox(scenario)),
      ...(await record(scenario)),
      ...evidence,
      ...(await messages(scenario, drawn)),
      ...(policy.allowSelfApproval ? [] : await decidedByOwners(scenario)),
    ];
  } finally {
    await close();
  }
}

async function outbox({ database }: Place): Promise<string[]> {
  const left = await database.sql`
    select kind, case when dead_at is not null then 'dead' when leased then 'leased' else 'waiting' end as state, count(*)::int
    from outbox group by 1, 2`;
  return left.map(({ state, kind, count }) => `the outbox still holds ${count} × ${kind}, ${state}`);
}

/** Versions count from 1 without gaps, each step is one that the table of states has, and the last is what is so. */
async function record({ database }: Place): Promise<string[]> {
  const events = await database.sql<
    { id: number; version: number; action: EventKind; from: Status | null; to: Status; status: Status; last: number }[]
  >`
    select r.id::int, h.version, h.action, h.from_status as "from", h.to_status as to, r.status, r.version as last
    from registrations r left join history h on h.registration_id = r.id order by r.id, h.version`;
  return [...Map.groupBy(events, ({ id }) => id)].flatMap(([id, story]) => {
    const wrong = story.flatMap(({ version, action, from, to }, index) => {
      const before = story[index - 1]?.to ?? null;
      const allowed =
        action === 'request' ? to === 'pending' || to === 'approved' : from && nextStatus(from, action) === to;
      return version === index + 1 && from === before && allowed ? [] : [`event ${version}: ${from} ${action} ${to}`];
    });
    const [end] = story.slice(-1);
    if (end?.to !== end?.status || end?.version !== end?.last) wrong.push(`it is ${end?.status}, version ${end?.last}`);
    return wrong.map((what) => `registration ${id}: ${what}`);
  });
}

type Drawn = (id: number) => Promise<Awaited<ReturnType<typeof cards.find>>>;

async function messages({ workspace, database }: Place, drawn: Drawn): Promise<string[]> {
  const wrong: string[] = [];
  const all = [...workspace.channels.keys()].flatMap((channel) => workspace.messages(channel));
  const marked = (kind: string) => all.filter(({ metadata }) => metadata?.event_type === kind);
  const about = ({ metadata }: Message) => Number(metadata?.event_payload.registration);

  /** What the card shows and only Slack knows. */
  const known = (requester: string) => ({
    title: workspace.members.get(requester)?.title ?? '',
    linkTo: (card: MessageLocation) => permalinkFor('https://acme.slack.com/', card),
  });
  const rows = await database.sql<{ id: number; requester: string }[]>`select id::int, requester from registrations`;
  // Where a card was before it moved, its place says so.
  const stand = marked('registrar_card').filter(({ text }) => !text.includes('has moved'));
  const byRegistration = Map.groupBy(stand, about);
  for (const { id } of rows) {
    const standing = byRegistration.get(id) ?? [];
    byRegistration.delete(id);
    const found = await drawn(id);
    // What was over before its card was posted gets none.
    const unposted = found?.isUnposted === true && over.includes(found.registration.status);
    if (standing.length !== (unposted ? 0 : 1)) wrong.push(`registration ${id} has ${standing.length} cards`);
    const [one] = standing;
    if (!one || !found) continue;
    const { place, shownVersion, registration } = found;
    if (place?.channel !== one.channel || place.ts !== one.ts)
      wrong.push(`the card of ${id} is not where it is said to be`);
    if (place?.shownVersion !== shownVersion)
      wrong.push(`the card of ${id} shows ${place?.shownVersion} of ${shownVersion}`);
    if (essence(one.blocks) !== essence(requestCard(registration, known(registration.requester)).blocks))
      wrong.push(`the card of ${id} shows something else`);
    const read = readable(workspace, one);
    if (!reads[registration.status].test(read)) wrong.push(`the card of ${id}, ${registration.status}, reads: ${read}`);
  }
  for (const id of byRegistration.keys()) wrong.push(`there is a card of ${id}, which does not exist`);

  const owed = await database.sql<{ key: string; action: EventKind }[]>`
    select owner.person || ' ' || min(r.id) || '@' || (array_agg(h.version order by r.id))[1] as key, h.action
    from history h join registrations r on r.id = h.registration_id
    cross join lateral (
      select person from (
        select unnest(added) as person, 1 as change from application_history where application_id = r.application_id and seq < h.seq
        union all
        select unnest(removed), -1 from application_history where application_id = r.application_id and seq < h.seq) changes
      group by person having sum(change) > 0) owner
    where h.action in ${database.sql(told)} or (h.action = 'request' and h.to_status = 'approved')
    group by owner.person, h.action, r.application_id,
      case h.action when 'request' then r.form when 'expire' then h.at::text else r.id || '@' || h.version end`;
  const counts = Map.groupBy(marked('registrar_notice'), (message) => {
    const [person] = workspace.channel(message.channel).members;
    return `${person} ${about(message)}@${message.metadata?.event_payload.version}`;
  });
  // Slack takes nothing for who has left; whether what they were owed came before is chance.
  const hasLeft = (person: string | undefined) =>
    person !== undefined && workspace.members.get(person)?.deleted === true;
  for (const { key, action } of owed) {
    const came = counts.get(key) ?? [];
    counts.delete(key);
    if (hasLeft(key.split(' ')[0])) continue;
    if (came.length !== 1) wrong.push(`${key} was told ${came.length} times`);
    for (const message of came) {
      const read = readable(workspace, message);
      if (says[action]?.test(read) === false) wrong.push(`${key}, ${action}, was told: ${read}`);
    }
  }
  for (const key of counts.keys()) wrong.push(`${key} was told without an event`);
  const ofThoseWhoLeft = new Set(rows.filter(({ requester }) => hasLeft(requester)).map(({ id }) => id));
  return [...wrong, ...(await receipts(database, marked('registrar_receipt').map(about), ofThoseWhoLeft))];
}

/** Who owns an application, or owned it when it was asked for, has decided nothing about it. */
async function decidedByOwners({ database }: Place): Promise<string[]> {
  const rows = await database.sql<{ id: number; version: number; actor: string }[]>`
    select h.registration_id::int as id, h.version, h.actor from history h join registrations r on r.id = h.registration_id
    where h.action in ('approve', 'reject', 'revoke', 'reinstate', 'delete') and h.actor is not null
      and (h.actor = any (r.owners_at_request || r.requester) or (
        select coalesce(sum((h.actor = any (a.added))::int - (h.actor = any (a.removed))::int), 0) from application_history a
        where a.application_id = r.application_id and a.seq < h.seq) > 0)`;
  return rows.map(({ id, version, actor }) => `${actor} decided version ${version} of ${id}, which is their own`);
}

/** Each form with a request that was pending has one receipt, which names its first request; but for the requests of those who left. */
export async function receipts(
  database: Place['database'],
  posted: number[],
  ofThoseWhoLeft: ReadonlySet<number> = new Set(),
): Promise<string[]> {
  const owed = await database.sql<{ id: number }[]>`
    select min(r.id)::int as id from registrations r join history h on h.registration_id = r.id and h.action = 'request'
    group by r.form having bool_or(h.to_status = 'pending') order by 1`;
  const [due, came] = [owed.map(({ id }) => id), posted.toSorted((one, other) => one - other)].map((ids) =>
    ids.filter((id) => !ofThoseWhoLeft.has(id)),
  );
  return JSON.stringify(due) === JSON.stringify(came) ? [] : [`receipts of ${due} are owed, and came of ${came}`];
}

/** Without how earlier requests ended: what they came to later is not what this card tells of. */
const essence = (blocks: Message['blocks']): string =>
  fingerprint(blocks.filter(({ block_id }) => block_id !== 'earlier'));
