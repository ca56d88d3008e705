/** An office whose clock is in the hand of a test: days pass at once, and all that they bring has been said before it goes on. */
import { eventually } from './eventually.ts';
import { type Office, openOffice } from './scenario.ts';

export type Timed = {
  office: Office;
  /** Nothing is left in the outbox. */
  quiet(): Promise<void>;
  /** It is this moment, and what is due by now is done and said. */
  passesTo(moment: string | Date): Promise<void>;
} & AsyncDisposable;

/** Waits until nothing is left in the outbox. */
export const quiet = ({ database: { sql } }: Office): Promise<void> =>
  eventually('nothing is left in the outbox', async () => {
    const [left] = await sql`select from outbox where dead_at is null limit 1`;
    return left === undefined;
  });

export async function openTimed(
  start: string,
  setting: Omit<NonNullable<Parameters<typeof openOffice>[0]>, 'now'> = {},
): Promise<Timed> {
  let now = new Date(start);
  const office = await openOffice({ ...setting, now: () => now });
  return {
    office,
    quiet: () => quiet(office),
    async passesTo(moment) {
      now = new Date(moment);
      await office.bot.runDueJobs();
      await quiet(office);
    },
    [Symbol.asyncDispose]: () => office[Symbol.asyncDispose](),
  };
}
