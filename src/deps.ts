/** What a feature is given. */
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
  /** Posts what the outbox holds: unhurried, and without retries of its own. */
  poster: WebClient;
  /** The gateways of the catalog file, by name. */
  gateways: Gateways;
  directory: Directory;
  /** Resolves when nobody has acted just now, after at most so many milliseconds. */
  yieldToInteractive: (milliseconds: number) => Promise<void>;
  /** Undefined where SMTP_URL is not set: then nobody gets e-mail. */
  mailer: Mailer | undefined;
  metrics: Metrics;
  /** REMINDER_SCHEDULE. */
  schedule: Schedule;
  now: () => Date;
  log: Log;
};
