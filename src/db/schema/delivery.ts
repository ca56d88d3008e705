/** What is kept about delivering: what stands in its way, and who looks after it. */
import { pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

const moment = () => timestamp({ withTimezone: true, precision: 3, mode: 'date' });

/** What nobody but a human mends: where nothing arrives, and Slack's word for why. A channel in it takes no requests. */
export const troubles = pgTable(
  'troubles',
  {
    /** A channel's id; or `direct`, `home`, `mail` for what goes to people. */
    place: text().notNull(),
    why: text().notNull(),
    since: moment().notNull(),
    /** Null while it stands. */
    overAt: moment(),
    /** When a human was last told of it. */
    toldAt: moment(),
    /** When it was last looked at whether it still stands. */
    checkedAt: moment(),
  },
  (table) => [primaryKey({ columns: [table.place, table.why] })],
);
