/** The digest: a channel's week in numbers. Seven whole days, so that no bar of its chart is half a day. */

/** What happened on one day, `2026-11-16` in TIME_ZONE. Approved and rejected are the decisions of people. */
export type Day = { date: string; opened: number; approved: number; rejected: number };

export type Week = {
  /** Seven of them, oldest first. */
  days: Day[];
  /** How many of the opened ones were approved automatically. They are not among the decided. */
  automatic: number;
  /** How many pending ones ended without a decision. */
  withdrawn: number;
  deleted: number;
  expired: number;
  /** How long the decided ones were pending, in milliseconds; null where nothing was decided. */
  timeToDecision: { median: number; percentile95: number } | null;
  /** How many are pending now, whenever they were opened. */
  waiting: number;
  oldest: Oldest | null;
};

export type Oldest = {
  service: string;
  application: string;
  requestedAt: Date;
  channel: string | null;
  ts: string | null;
};

export type Totals = Record<'opened' | 'approved' | 'rejected', number>;

export const totalsOf = ({ days }: Week): Totals =>
  days.reduce(
    (sum, day) => ({
      opened: sum.opened + day.opened,
      approved: sum.approved + day.approved,
      rejected: sum.rejected + day.rejected,
    }),
    { opened: 0, approved: 0, rejected: 0 },
  );

/** Tells whether a chart would have any bars. */
export function hasBars(week: Week): boolean {
  const { opened, approved, rejected } = totalsOf(week);
  return opened + approved + rejected > 0;
}

/** Tells whether there is nothing to report. */
export const isEmpty = (week: Week): boolean =>
  !hasBars(week) && week.waiting + week.withdrawn + week.deleted + week.expired === 0;
