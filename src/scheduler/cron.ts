/** A cron expression, read as a schedule by the clock on the wall. */
import { createTask, parse } from 'node-cron';
import type { Schedule } from '../domain/schedule.ts';

const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((one, other) => one - other);

/** The library knows which days an expression means; its own clock would skip or double what the clocks' change touches. */
export function parseCron(expression: string, timeZone: string): Schedule {
  const fields = parse(expression);
  const [hours, minutes, seconds] = [fields.hour, fields.minute, fields.second].map(ascending);
  if (!hours || !minutes || !seconds) throw new Error(`${expression} names no time of day`);
  const days = createTask(expression, () => {}, { timezone: 'UTC' });
  const first = ((hours[0] ?? 0) * 60 + (minutes[0] ?? 0)) * 60 + (seconds[0] ?? 0);
  const pattern = `${expression} ${timeZone}`;
  return {
    pattern,
    timeZone,
    hours,
    minutes,
    seconds,
    ticksOn: (day) => days.match(new Date(day.getTime() + first * 1000)),
  };
}
