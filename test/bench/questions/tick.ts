/** Does a reminder tick cost what is due, and not what exists? Its one transaction, called as the clock does. */
import { connect } from '../../../src/db/client.ts';
import type { Db } from '../../../src/db/db.ts';
import { createOutbox } from '../../../src/db/outbox/outbox.ts';
import { claimReminders } from '../../../src/db/scheduling/reminders.ts';
import type { Database } from '../place.ts';
import { type Answer, type Bench, roundsOf } from '../question.ts';
import { figure, type Measured, ratio, rounds } from '../rounds.ts';
import { milliseconds } from '../words.ts';
import { years } from '../years.ts';

const setting = { remindAfter: 86_400_000, adminChannel: 'C0REQUESTS', escalationChannel: undefined };

export async function tick(bench: Bench): Promise<Answer[]> {
  const { few, many, small, large } = await years(bench);
  const measured = await rounds({ many: () => ticks(large), few: () => ticks(small) }, { count: bench.rounds });
  const [big, little] = [roundsOf(measured, 'many'), roundsOf(measured, 'few')];
  return [
    {
      question: `a reminder tick with 1,000 due among ${many.toLocaleString('en')}`,
      bot: milliseconds(figure(big, 'took')),
      baseline: `1,000 due among ${few.toLocaleString('en')}: ${milliseconds(figure(little, 'took'))}`,
      ratio: ratio(big, little, 'took'),
      mustBe: { atMost: 1.3 },
    },
  ];
}

async function ticks({ sql, url }: Database): Promise<Measured> {
  await sql`update registrations set remind_at = now() - interval '1 hour', reminders = 0 where status = 'pending'`;
  await sql`vacuum analyze registrations`;
  const { tables, close } = connect(url);
  const outbox = createOutbox();
  const db: Db = { tables, outbox };
  await tables.execute('select 1');
  const began = performance.now();
  const claimed = await claimReminders(db, { schedule: 'reminders', reading: new Date() }, 'UTC', setting);
  const took = performance.now() - began;
  if (claimed !== 1_000) throw new Error(`${claimed} were due`);
  await close();
  return { took };
}
