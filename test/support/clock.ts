/** A scenario with a clock that the test sets: days pass at once, and everything due is delivered before the test goes on. */
import { eventually } from './eventually.ts';
import { openScenario, type Scenario } from './scenario.ts';

export type TimedScenario = {
  scenario: Scenario;
  /** Waits until the outbox is empty. */
  untilDelivered(): Promise<void>;
  /** Waits until the outbox is empty, sets the time, runs what is due by then, and waits until it is delivered. */
  advanceTo(moment: string | Date): Promise<void>;
} & AsyncDisposable;

/** Waits until the outbox is empty. */
export const untilDelivered = ({ database: { sql } }: Scenario): Promise<void> =>
  eventually('nothing is left in the outbox', async () => {
    const [left] = await sql`select from outbox where dead_at is null and kind <> 'copies' limit 1`;
    return left === undefined;
  });

export async function openTimedScenario(
  start: string,
  setting: Omit<NonNullable<Parameters<typeof openScenario>[0]>, 'now'> = {},
): Promise<TimedScenario> {
  let now = new Date(start);
  const scenario = await openScenario({ ...setting, now: () => now });
  return {
    scenario,
    untilDelivered: () => untilDelivered(scenario),
    async advanceTo(moment) {
      // A tick skips a row that is locked, as where its card is just being recorded.
      await untilDelivered(scenario);
      now = new Date(moment);
      await scenario.bot.runDueJobs();
      await untilDelivered(scenario);
    },
    [Symbol.asyncDispose]: () => scenario[Symbol.asyncDispose](),
  };
}
