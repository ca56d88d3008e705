/** When a pending request is due for a reminder, and how its age is told. */

/** Each further reminder of the same request waits this many times as long as the one before. */
export const growth = 2;

/** When a request is first due. `remindAfter` is in milliseconds. */
export const firstReminder = (requestedAt: Date, remindAfter: number): Date =>
  new Date(requestedAt.getTime() + remindAfter);

/** How long after its `count`th reminder a request is due again, in milliseconds. */
export const waitAfter = (count: number, remindAfter: number): number => remindAfter * growth ** count;

const units = [
  { name: 'day', milliseconds: 86_400_000 },
  { name: 'hour', milliseconds: 3_600_000 },
  { name: 'minute', milliseconds: 60_000 },
] as const;

/** "3 days", "5 hours", "12 minutes": how long something has waited, in its largest unit. */
export function age(since: Date, now: Date): string {
  const milliseconds = now.getTime() - since.getTime();
  const unit = units.find((one) => milliseconds >= one.milliseconds);
  if (!unit) return 'less than a minute';
  const count = Math.floor(milliseconds / unit.milliseconds);
  return `${count} ${unit.name}${count === 1 ? '' : 's'}`;
}
