/**
 * When a schedule ticks, by the clock on the wall: each time of day that it names comes once, also on the day on which the
 * clock is turned back and reads it twice, or turned forward and never reads it.
 */

/** What the clock on the wall reads, as a Date whose UTC fields are the clock's. */
export type WallClockTime = Date;

export type Schedule = {
  /** What the operator wrote, with the time zone: a changed schedule has another. */
  pattern: string;
  timeZone: string;
  /** Whether it has ticks on the day of this reading. */
  ticksOn: (day: WallClockTime) => boolean;
  /** The times of its days: every hour, with every minute, with every second; each ascending. */
  hours: readonly number[];
  minutes: readonly number[];
  seconds: readonly number[];
};

const day = 86_400_000;

/** How far a tick is looked for, in days: what was due longer ago is not worth making up. */
const horizon = 366;

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Making one takes longer than all that is asked of it in a day. */
function clock(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known) return known;
  const fields = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
  const made = new Intl.DateTimeFormat('en-CA', { timeZone, hourCycle: 'h23', ...fields, second: '2-digit' });
  clocks.set(timeZone, made);
  return made;
}

/** What the clock on the wall reads at a moment. */
export function toWallClock(at: Date, timeZone: string): WallClockTime {
  const parts = clock(timeZone).formatToParts(at);
  const field = (name: string) => Number(parts.find(({ type }) => type === name)?.value);
  const time = [field('hour'), field('minute'), field('second'), at.getUTCMilliseconds()] as const;
  return new Date(Date.UTC(field('year'), field('month') - 1, field('day'), ...time));
}

/** When the clock first read this; where it skipped it, as long after the skip as it would have been. */
export function toInstant(reading: WallClockTime, timeZone: string): Date {
  const guesses = [-day, day].map((around) => {
    const near = new Date(reading.getTime() + around);
    const ahead = toWallClock(near, timeZone).getTime() - near.getTime();
    return new Date(reading.getTime() - ahead);
  });
  const right = guesses.find((guess) => toWallClock(guess, timeZone).getTime() === reading.getTime());
  return right ?? guesses[0] ?? reading;
}

const midnight = (reading: WallClockTime): WallClockTime => new Date(Math.floor(reading.getTime() / day) * day);
const daysAfter = (reading: WallClockTime, days: number): WallClockTime => new Date(reading.getTime() + days * day);

/** The last tick that the clock has read by now; undefined where there was none for a year. */
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

/** The first tick at a moment or after it; undefined where there is none for a year. */
export function nextTick(schedule: Schedule, from: Date): Date | undefined {
  const reading = toWallClock(from, schedule.timeZone);
  for (let ahead = 0; ahead < horizon; ahead += 1) {
    const date = daysAfter(midnight(reading), ahead);
    if (!schedule.ticksOn(date)) continue;
    const found = timeOf(schedule, date, (one) => one >= reading.getTime(), 1);
    if (found) return toInstant(found, schedule.timeZone);
  }
  return undefined;
}

/** The first tick of the next working day, Monday to Friday; where the schedule has none, of the next day that has any. */
export function nextWorkingDay(schedule: Schedule, at: Date): Date {
  const { timeZone } = schedule;
  const today = midnight(toWallClock(at, timeZone));
  const days = Array.from({ length: horizon }, (_, ahead) => daysAfter(today, ahead + 1));
  const working = (date: WallClockTime) => date.getUTCDay() >= 1 && date.getUTCDay() <= 5;
  const next = days.find((date) => working(date) && schedule.ticksOn(date)) ?? days.find(schedule.ticksOn);
  const first = next && timeOf(schedule, next, () => true, 1);
  return toInstant(first ?? daysAfter(toWallClock(at, timeZone), 1), timeZone);
}

/** A moment moved by a time on the wall, so that a day later is the same time of day. */
export const addWallClock = (at: Date, milliseconds: number, timeZone: string): Date =>
  toInstant(new Date(toWallClock(at, timeZone).getTime() + milliseconds), timeZone);

/** The first of a day's ticks that will do: from its first on, or from its last back. */
function timeOf(
  { hours, minutes, seconds }: Schedule,
  date: WallClockTime,
  willDo: (reading: number) => boolean,
  order: 1 | -1,
): WallClockTime | undefined {
  const ordered = (numbers: readonly number[]) => (order === 1 ? numbers : numbers.toReversed());
  const farthest = (numbers: readonly number[]) => ordered(numbers).at(-1) ?? 0;
  const reading = (hour: number, minute: number, second: number) =>
    date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
  const lastMinute = farthest(minutes);
  const lastSecond = farthest(seconds);
  for (const hour of ordered(hours)) {
    // Where the farthest of an hour or a minute will not do, none of it does.
    if (!willDo(reading(hour, lastMinute, lastSecond))) continue;
    for (const minute of ordered(minutes)) {
      if (!willDo(reading(hour, minute, lastSecond))) continue;
      for (const second of ordered(seconds)) {
        const found = reading(hour, minute, second);
        if (willDo(found)) return new Date(found);
      }
    }
  }
  return undefined;
}
