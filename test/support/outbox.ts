/** The outbox as tests look at it. */
import type { TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';

/** Waits until nothing is left to deliver, looking every so many milliseconds. */
export const delivered = ({ database }: { database: TestDatabase }, within?: number, every?: number) =>
  eventually(
    'the outbox is empty',
    async () => {
      const left =
        await database.sql`select from pgboss.job where name like 'outbox%' and name <> 'outbox-dead' and state < 'completed'`;
      return left.length === 0;
    },
    within,
    every,
  );

/** Has what is put into the outbox from now on be tried so many times, a second apart. */
export const tries = ({ database }: { database: TestDatabase }, times: number) =>
  database.sql`update pgboss.queue set retry_limit = ${times - 1}, retry_delay_max = 1 where name in ('outbox', 'outbox-mail')`;
