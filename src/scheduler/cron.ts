/** Parses cron expressions into schedules by the wall clock of a time zone. */
import { createTask, parse } from 'node-cron';
import type { Schedule } from '../domain/schedule.ts';

const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((one, other) => one - other);

/**
 * Parses a cron expression that node-cron accepts. The library is only asked which days it means: its own timer would skip
 * or repeat ticks when daylight saving begins or ends.
 */
export function parseCron(expression: string, timeZone: string): Schedule {
  const fields = parse(expression);
  const [hours, minutes, seconds] = [fields.hour, fields.minute, fields.second].map(ascending);
  if (!hours || !minutes || !seconds) throw new Error(`the cron expression ${expression} names no time of day`);
  const days = createTask(expression, () => {}, { timezone: 'UTC' });
  const firstSecond = ((hours[0] ?? 0) * 60 + (minutes[0] ?? 0)) * 60 + (seconds[0] ?? 0);
  const pattern = `${expression} ${timeZone}`;
  return {
    pattern,
    timeZone,
    hours,
    minutes,
    seconds,
    ticksOn: (day) => days.match(new Date(day.getTime() + firstSecond * 1000)),
  };
}

/**
 * Checks whether an expression limits the days of the month and of the week. Here it then ticks on days that are both; cron of Unix
 * ticks on days that are either.
 */
export function limitsBothDays(expression: string): boolean {
  const { dayOfMonth, dayOfWeek } = parse(expression);
  return new Set(dayOfMonth).size < 31 && new Set(dayOfWeek).size < 7;
}
