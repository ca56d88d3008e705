/** Durations: their units, and how they are worded for people. */

/** The length of each unit, in milliseconds. */
export const msPer = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

const units = [
  { name: 'day', milliseconds: msPer.day },
  { name: 'hour', milliseconds: msPer.hour },
  { name: 'minute', milliseconds: msPer.minute },
] as const;

type Unit = (typeof units)[number];

const counted = (milliseconds: number, unit: Unit): string => {
  const count = Math.floor(milliseconds / unit.milliseconds);
  return `${count} ${unit.name}${count === 1 ? '' : 's'}`;
};

/** Formats how long something has waited, in its largest unit: "3 days", "5 hours", "12 minutes". */
export function formatAge(since: Date, now: Date): string {
  const milliseconds = now.getTime() - since.getTime();
  const unit = units.find((one) => milliseconds >= one.milliseconds);
  return unit ? counted(milliseconds, unit) : 'less than a minute';
}

/** Formats a duration, in milliseconds, in its two largest units: "2 days 4 hours", "35 minutes". */
export function formatDuration(milliseconds: number): string {
  const largest = units.findIndex((unit) => milliseconds >= unit.milliseconds);
  if (largest < 0) return 'less than a minute';
  let left = milliseconds;
  const parts = units.slice(largest, largest + 2).flatMap((unit) => {
    const part = left >= unit.milliseconds ? [counted(left, unit)] : [];
    left %= unit.milliseconds;
    return part;
  });
  return parts.join(' ');
}
