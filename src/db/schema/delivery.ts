/** Incidents: destinations where nothing arrives until a human has resolved the cause. */
import { pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

const moment = () => timestamp({ withTimezone: true, precision: 3, mode: 'date' });

/** Destinations that need a human, and Slack's error code. A channel with an open incident takes no requests. */
export const incidents = pgTable(
  'troubles',
  {
    /** The id of a channel; or `direct`, `home`, `mail` for what goes to people. */
    place: text().notNull(),
    why: text().notNull(),
    since: moment().notNull(),
    /** When it was resolved; null while it is open. */
    overAt: moment(),
    /** When people were last notified of it. */
    toldAt: moment(),
    /** When the channel was last probed. */
    checkedAt: moment(),
  },
  (table) => [primaryKey({ columns: [table.place, table.why] })],
);
