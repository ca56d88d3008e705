/** The outbox as tests look at it. */
import { connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import type { Effect } from '../../src/domain/effects.ts';
import type { TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';

/** Waits until nothing is left to deliver, looking every so many milliseconds. Looks for copies are due minutes later. */
export const delivered = ({ database }: { database: TestDatabase }, within?: number, every?: number) =>
  eventually(
    'the outbox is empty',
    async () => {
      const left = await database.sql`select from outbox where dead_at is null and kind <> 'copies'`;
      return left.length === 0;
    },
    within,
    every,
  );

/** Has Slack asked now for copies of what was posted after an attempt whose end was unknown, and waits until it is done. */
export async function looksForCopies(scenario: { database: TestDatabase }): Promise<void> {
  await delivered(scenario);
  await scenario.database.sql`update outbox set run_at = now() where kind = 'copies' and not leased`;
  await eventually('nothing is there twice', async () => {
    const left = await scenario.database.sql`select from outbox where kind = 'copies' and dead_at is null`;
    return left.length === 0;
  });
}

/** Has what is put into the outbox from now on become a dead letter at the first failure after so many seconds. */
export const givesUpAfter = ({ database }: { database: TestDatabase }, seconds: number) =>
  database.sql.unsafe(`alter table outbox alter give_up_at set default now() + interval '${seconds} seconds'`);

/** Has what fails be retried within a second, however often it has failed. */
export const retriesSoon = ({ database }: { database: TestDatabase }) =>
  database.sql.unsafe(`
    create function retry_soon() returns trigger language plpgsql as $$ begin
      new.run_at := least(new.run_at, clock_timestamp() + interval '1 second');
      return new; end $$;
    create trigger retry_soon before update on outbox for each row
      when (new.retries > old.retries) execute function retry_soon()`);

/** Has all leases end, as after the death of the processes that hold them. */
export const endLeases = ({ database }: { database: TestDatabase }) =>
  database.sql`update outbox set run_at = now() - interval '1 second' where leased`;

/** Puts something into the outbox, as the clock does. */
export async function due(url: string, effect: Effect): Promise<void> {
  const client = connect(url);
  const outbox = createOutbox();
  await client.tables.transaction((tx) => outbox.enqueue(tx, [effect]));
  await client.close();
}
