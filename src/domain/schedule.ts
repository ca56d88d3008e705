/**
 * Schedules in wall-clock time: each of their times comes once a day, also on the day on which the clock is turned back
 * and shows it twice, or turned forward and never shows it.
 */
import { msPer } from './duration.ts';

/** A wall-clock time, as a Date whose UTC fields are those of the clock. */
export type WallClockTime = Date;

export type Schedule = {
  /** The operator's cron expression with the time zone: a changed schedule has another. */
  pattern: string;
  timeZone: string;
  /** Tells whether there are ticks on the day of this wall-clock time. */
  ticksOn: (day: WallClockTime) => boolean;
  /** The ticks of such a day: every hour with every minute with every second; each list ascending. */
  hours: readonly number[];
  minutes: readonly number[];
  seconds: readonly number[];
};

const { day } = msPer;

/** How far ticks are searched, in days: one that was missed longer ago is not served. */
const horizon = 366;

const formatters = new Map<string, Intl.DateTimeFormat>();

/**
 * Returns the formatter of a time zone. They are kept, because creating one takes longer than all its uses in a day.
 */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const fields = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
  const created = new Intl.DateTimeFormat('en-CA', { timeZone, hourCycle: 'h23', ...fields, second: '2-digit' });
  formatters.set(timeZone, created);
  return created;
}

/** Converts an instant to the wall-clock time of a time zone. */
export function toWallClock(at: Date, timeZone: string): WallClockTime {
  const parts = formatterOf(timeZone).formatToParts(at);
  const field = (name: string) => Number(parts.find(({ type }) => type === name)?.value);
  const time = [field('hour'), field('minute'), field('second'), at.getUTCMilliseconds()] as const;
  return new Date(Date.UTC(field('year'), field('month') - 1, field('day'), ...time));
}

/**
 * Converts a wall-clock time to the instant at which the clock first showed it; where the clock skipped it, to as long
 * after the skip as it would have been.
 */
export function toInstant(wallClock: WallClockTime, timeZone: string): Date {
  const guesses = [-day, day].map((around) => {
    const near = new Date(wallClock.getTime() + around);
    const ahead = toWallClock(near, timeZone).getTime() - near.getTime();
    return new Date(wallClock.getTime() - ahead);
  });
  const right = guesses.find((guess) => toWallClock(guess, timeZone).getTime() === wallClock.getTime());
  return right ?? guesses[0] ?? wallClock;
}

const midnight = (wallClock: WallClockTime): WallClockTime => new Date(Math.floor(wallClock.getTime() / day) * day);
const daysAfter = (wallClock: WallClockTime, days: number): WallClockTime => new Date(wallClock.getTime() + days * day);

/** Returns the last tick at or before `at`; undefined where there was none for a year. */
export function previousTick(schedule: Schedule, at: Date): WallClockTime | undefined {
  const now = toWallClock(at, schedule.timeZone);
  for (let back = 0; back < horizon; back += 1) {
    const date = daysAfter(midnight(now), -back);
    if (!schedule.ticksOn(date)) continue;
    const found = timeOf(schedule, date, (one) => one <= now.getTime(), -1);
    if (found) return found;
  }
  return undefined;
}

/** Returns the first tick at or after `from`; undefined where there is none for a year. */
export function nextTick(schedule: Schedule, from: Date): Date | undefined {
  const wallClock = toWallClock(from, schedule.timeZone);
  for (let ahead = 0; ahead < horizon; ahead += 1) {
    const date = daysAfter(midnight(wallClock), ahead);
    if (!schedule.ticksOn(date)) continue;
    const found = timeOf(schedule, date, (one) => one >= wallClock.getTime(), 1);
    if (found) return toInstant(found, schedule.timeZone);
  }
  return undefined;
}

/**
 * Returns the first tick of the next working day, Monday to Friday; where the schedule has none, of the next day that
 * has any.
 */
export function nextWorkingDay(schedule: Schedule, at: Date): Date {
  const { timeZone } = schedule;
  const today = midnight(toWallClock(at, timeZone));
  const days = Array.from({ length: horizon }, (_, ahead) => daysAfter(today, ahead + 1));
  const working = (date: WallClockTime) => date.getUTCDay() >= 1 && date.getUTCDay() <= 5;
  const next = days.find((date) => working(date) && schedule.ticksOn(date)) ?? days.find(schedule.ticksOn);
  const first = next && timeOf(schedule, next, () => true, 1);
  return toInstant(first ?? daysAfter(toWallClock(at, timeZone), 1), timeZone);
}

/** Adds wall-clock time to an instant, so that a day later is the same time of day. */
export const addWallClock = (at: Date, milliseconds: number, timeZone: string): Date =>
  toInstant(new Date(toWallClock(at, timeZone).getTime() + milliseconds), timeZone);

/** Finds the first matching tick of a day: from its first on (`order` 1), or from its last back (-1). */
function timeOf(
  { hours, minutes, seconds }: Schedule,
  date: WallClockTime,
  matches: (wallClock: number) => boolean,
  order: 1 | -1,
): WallClockTime | undefined {
  const ordered = (numbers: readonly number[]) => (order === 1 ? numbers : numbers.toReversed());
  const farthest = (numbers: readonly number[]) => ordered(numbers).at(-1) ?? 0;
  const wallClock = (hour: number, minute: number, second: number) =>
    date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
  const lastMinute = farthest(minutes);
  const lastSecond = farthest(seconds);
  for (const hour of ordered(hours)) {
    // If the farthest tick of an hour or a minute does not match, none of it does.
    if (!matches(wallClock(hour, lastMinute, lastSecond))) continue;
    for (const minute of ordered(minutes)) {
      if (!matches(wallClock(hour, minute, lastSecond))) continue;
      for (const second of ordered(seconds)) {
        const found = wallClock(hour, minute, second);
        if (matches(found)) return new Date(found);
      }
    }
  }
  return undefined;
}
