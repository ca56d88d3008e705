/**
 * Each kind of effect is delivered twice: the first time, its end is not written down, as where a process dies after its work.
 * Nothing is posted twice, and all goes on. The kinds are those of the table of effects: a new one has to be in the story.
 */
import { expect, it } from 'vitest';
import { effectKinds } from '../../src/domain/effects.ts';
import { eventually } from '../support/eventually.ts';
import { type Everything, everythingHappens, openEverything, typed } from '../support/everything.ts';
import { due, looksForCopies } from '../support/outbox.ts';
import type { Scenario } from '../support/scenario.ts';
import { asks } from '../support/steps.ts';

/**
 * Has the first end of each kind fail. What remembers it is a sequence, which no rollback takes back; the lease ends at once,
 * so that nothing waits for it.
 */
async function losesTheFirstEnds({
  database: { sql },
}: Scenario): Promise<AsyncDisposable & { lost(): Promise<string[]> }> {
  for (const kind of effectKinds) await sql.unsafe(`create sequence "ended ${kind}"`);
  await sql.unsafe(`
    create function lose_first_end() returns trigger language plpgsql as $$
    declare known boolean;
    begin
      execute format('select is_called from %I', 'ended ' || old.kind) into known;
      if known then return old; end if;
      perform setval(format('%I', 'ended ' || old.kind)::regclass, old.id);
      return null;
    end $$;
    create trigger lose_first_end before delete on outbox for each row execute function lose_first_end()`);
  // The clock of this workspace is weeks behind the database's: what is looked for was posted since then.
  await sql.unsafe(`alter table outbox alter enqueued_at set default '2026-11-01'`);
  const ended = new Set<string>();
  const lost = async () => {
    const rows = await sql<{ kind: string; id: string }[]>`
      select replace(sequencename, 'ended ', '') as kind, last_value as id from pg_sequences
      where sequencename like 'ended %' and last_value is not null`;
    return rows;
  };
  let looking = true;
  const endsLeases = eventually(
    'all is over',
    async () => {
      for (const { kind, id } of await lost()) {
        if (ended.has(kind)) continue;
        ended.add(kind);
        await sql`update outbox set run_at = now() - interval '1 second' where id = ${id} and leased`;
      }
      return !looking;
    },
    600_000,
  );
  return {
    lost: async () => (await lost()).map(({ kind }) => kind).toSorted(),
    async [Symbol.asyncDispose]() {
      looking = false;
      await endsLeases;
    },
  };
}

/** What no one in the story brings about: how earlier versions told of a decision, and what follows much, or the clock. */
async function othersHappen({ timed }: Everything): Promise<void> {
  const { scenario, untilDelivered } = timed;
  const { workspace, database } = scenario;
  const [nick, alex] = [workspace.person('nick'), workspace.person('alex')];
  await asks(nick, [`${typed('SERVICE')} 3`], '=Plain', 'Why');
  await nick.closes();
  await alex.finds(/=Plain/, { in: 'three' });
  await untilDelivered();
  await database.sql.unsafe(`
    create function tell_as_before() returns trigger language plpgsql as $$ begin
      new.effect := jsonb_build_object('kind', case new.effect->>'kind' when 'decision' then 'notice' else 'mail' end) || (new.effect->'events'->0);
      new.lane := concat_ws(':', new.effect->>'kind', new.effect->>'registration');
      return new; end $$;
    create trigger tell_as_before before insert on outbox for each row
      when (new.effect->>'kind' in ('decision', 'decision-mail')) execute function tell_as_before()`);
  await alex.clicks('Approve', { in: 'three', on: /=Plain/ });
  await nick.finds(/Approved by @alex[\s\S]*=Plain/);
  await database.sql`drop function tell_as_before cascade`;
  const [service] = await database.sql`select id from services where slug = 'one'`;
  await due(database.url, { kind: 'access-service', service: Number(service?.id), gateway: 'edge', after: 0 });
  await due(database.url, { kind: 'staged', effects: [{ kind: 'departures', cursor: '' }] });
  await untilDelivered();
}

it('each kind of effect is delivered again where its end was lost, and nothing is there twice', async () => {
  await using everything = await openEverything();
  const { scenario } = everything.timed;
  const { workspace, database } = scenario;
  await using ends = await losesTheFirstEnds(scenario);
  await everythingHappens(everything, () => othersHappen(everything));
  const [ownerless] = await database.sql`select id, version from applications order by id limit 1`;
  await due(database.url, { kind: 'orphan', application: Number(ownerless?.id), version: ownerless?.version });
  await everything.timed.untilDelivered();
  // Before copies are looked for: what would be there twice was found by the second delivery.
  const all = [...workspace.channels.values()].flatMap(({ id }) => workspace.messages(id));
  const marks = all.flatMap(({ channel, metadata }) => (metadata ? [JSON.stringify([channel, metadata])] : []));
  expect(repeated(marks)).toEqual([]);
  await looksForCopies(scenario);
  expect(await ends.lost()).toEqual(effectKinds.toSorted());
  // A letter that is sent again has the same id, by which mail programs know it.
  const ids = everything.mail.letters.map(({ messageId }) => String(messageId));
  expect(repeated(ids)).toHaveLength(2);
  expect(await database.sql`select kind, effect, cause from outbox`).toEqual([]);
}, 300_000);

const repeated = (all: string[]): string[] => all.filter((one, index) => all.indexOf(one) !== index);
