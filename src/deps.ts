/** What listeners, deliveries and scheduled jobs need. */
import type { WebClient } from '@slack/web-api';
import type { Gateways } from './access/clients.ts';
import type { Config } from './config.ts';
import type { Db } from './db/db.ts';
import type { Schedule } from './domain/schedule.ts';
import type { Mailer } from './email.ts';
import type { Log } from './observability/log.ts';
import type { Metrics } from './observability/metrics.ts';
import type { Directory } from './slack/directory.ts';

export type Deps = {
  config: Config;
  db: Db;
  /** Posts for the outbox, with a long timeout and without retries of its own. */
  poster: WebClient;
  /** The gateways of the catalog file, by name. */
  gateways: Gateways;
  directory: Directory;
  /** Waits until no interaction has just begun, for at most `milliseconds`. */
  yieldToInteractive: (milliseconds: number) => Promise<void>;
  /** Undefined without SMTP_URL: then no e-mail is sent. */
  mailer: Mailer | undefined;
  metrics: Metrics;
  /** The parsed REMINDER_SCHEDULE. */
  schedule: Schedule;
  now: () => Date;
  log: Log;
};
