/** The schedule of the reminders, by the clock on the wall: nothing is doubled or skipped when the clocks change. */
import { describe, expect, it } from 'vitest';
import { nextTick, nextWorkingDay, previousTick, toInstant, toWallClock } from '../../src/domain/schedule.ts';
import { parseCron } from '../../src/scheduler/cron.ts';

const berlin = (expression: string) => parseCron(expression, 'Europe/Berlin');
const read = (date: Date | undefined) => date?.toISOString().slice(0, 19);

describe('an instant and its wall-clock time', () => {
  it.each([
    ['2026-10-24T09:00:00', '2026-10-24T07:00:00', 'in summer'],
    ['2026-10-26T09:00:00', '2026-10-26T08:00:00', 'in winter'],
    ['2026-10-25T02:30:00', '2026-10-25T00:30:00', 'the first of the two times that it reads half past two'],
    ['2026-03-29T02:30:00', '2026-03-29T01:30:00', 'as long after two as it would have been'],
  ])('%s is %s UTC, %s', (reading, moment) => {
    expect(read(toInstant(new Date(`${reading}Z`), 'Europe/Berlin'))).toBe(moment);
  });

  it('midnight is read as the beginning of a day', () => {
    expect(read(toWallClock(new Date('2026-11-02T23:00:00Z'), 'Europe/Berlin'))).toBe('2026-11-03T00:00:00');
  });
});

describe('the previous tick', () => {
  it.each([
    ['0 9 * * 1-5', '2026-11-03T07:59:59Z', '2026-11-02T09:00:00', 'a second too early'],
    ['0 9 * * 1-5', '2026-11-03T08:00:00Z', '2026-11-03T09:00:00', 'on time'],
    ['0 9 * * 1-5', '2026-11-03T08:30:00Z', '2026-11-03T09:00:00', 'half an hour late, after a sleep'],
    ['0 9 * * 1-5', '2026-11-08T20:00:00Z', '2026-11-06T09:00:00', 'on a Sunday: of several, the last'],
    ['*/15 8-17 * * *', '2026-11-03T18:00:00Z', '2026-11-03T17:45:00', 'in the evening'],
    ['*/15 8-17 * * *', '2026-11-03T06:00:00Z', '2026-11-02T17:45:00', 'before the first of a day'],
    ['0 9 L * *', '2026-11-15T12:00:00Z', '2026-10-31T09:00:00', 'on the last of the month'],
    ['0 0 29 2 *', '2026-11-15T12:00:00Z', undefined, 'which was longer ago than a year'],
    ['30 2 * * *', '2026-10-25T00:30:00Z', '2026-10-25T02:30:00', 'in the night that has it twice'],
    ['30 2 * * *', '2026-10-25T01:30:00Z', '2026-10-25T02:30:00', 'the second time: it is the same tick'],
    ['30 2 * * *', '2026-03-29T01:00:00Z', '2026-03-29T02:30:00', 'in the night that does not have it'],
  ])('%s at %s is %s, %s', (expression, at, tick, _) => {
    expect(read(previousTick(berlin(expression), new Date(at)))).toBe(tick);
  });

  it.each(['0 9 * * *', '30 2 * * *', '*/30 * * * *'])(
    '%s, looked at every half an hour, names each time of day once through both changes of the clocks',
    (expression) => {
      for (const [from, days] of [['2026-03-27T12:00:00Z', 4] as const, ['2026-10-23T12:00:00Z', 4] as const]) {
        const looks = Array.from({ length: days * 48 }, (_, half) => new Date(Date.parse(from) + half * 1_800_000));
        let last = -1;
        const served = looks.flatMap((at) => {
          const tick = previousTick(berlin(expression), at)?.getTime() ?? 0;
          if (tick <= last) return [];
          last = tick;
          return [tick];
        });
        const step = expression.startsWith('*') ? 0.5 : 24;
        const steps = served.slice(1).map((tick, index) => (tick - (served[index] ?? 0)) / 3_600_000);
        // Where the clock skips times that come several an hour, the last of them stands for the others.
        if (step >= 1) expect(new Set(steps)).toEqual(new Set([step]));
        else expect(steps.every((one) => one >= step && one <= 1 + step)).toBe(true);
      }
    },
  );
});

it.each([
  ['2026-11-06T12:00:00Z', '2026-11-09T08:00:00', 'on a Friday: Monday'],
  ['2026-11-09T12:00:00Z', '2026-11-10T08:00:00', 'on a Monday: Tuesday'],
  ['2026-11-08T23:30:00Z', '2026-11-10T08:00:00', 'on a Monday that has just begun: Tuesday'],
  ['2026-10-23T12:00:00Z', '2026-10-26T08:00:00', 'over the weekend on which the clocks are turned back'],
])('"tomorrow" at %s is %s UTC, %s', (at, until) => {
  expect(read(nextWorkingDay(berlin('0 9,15 * * *'), new Date(at)))).toBe(until);
});

it.each([
  ['0 9 * * 6,0', '2026-11-07T08:00:00', 'a schedule without working days'],
  ['0 0 29 2 *', '2026-11-07T12:00:00', 'a schedule that never ticks in a year: a day later'],
])('"tomorrow" with %s is %s UTC: %s', (expression, until) => {
  expect(read(nextWorkingDay(berlin(expression), new Date('2026-11-06T12:00:00Z')))).toBe(until);
});

it.each([
  ['2026-11-06T08:00:00Z', '2026-11-06T08:00:00'],
  ['2026-11-06T08:00:01Z', '2026-11-09T08:00:00'],
])('the first tick from %s on is %s UTC', (from, tick) => {
  expect(read(nextTick(berlin('0 9 * * 1-5'), new Date(from)))).toBe(tick);
});
