/** Builds everything, starts it, stops it. Run as a program it is the bot; tests and the demo call `start`. */

import { createGateways } from './access/clients.ts';
import { registerListeners } from './app.ts';
import { retryUntilReady, StartError } from './async/retry.ts';
import { withTimeout } from './async/timeout.ts';
import { readCatalog } from './catalog-file.ts';
import { type Config, gatewayTokensIn, isSlackUnencrypted, readConfig } from './config.ts';
import * as outdated from './db/cache-invalidation.ts';
import { connect, reachable } from './db/client.ts';
import type { Db } from './db/db.ts';
import { EmbeddedPostgresError } from './db/embedded/data-dir.ts';
import { startEmbedded } from './db/embedded/embedded.ts';
import { databaseConfigError } from './db/errors.ts';
import * as readings from './db/metrics.ts';
import { migrateDatabase } from './db/migrate.ts';
import { createOutbox } from './db/outbox/outbox.ts';
import { applyCatalogFile } from './db/service/apply-catalog-file.ts';
import { createMailer } from './email.ts';
import { deliver } from './features/deliver.ts';
import { serveHttp } from './http.ts';
import { createHttpClient } from './http-client.ts';
import { createLog, type Log } from './observability/log.ts';
import { createMetrics } from './observability/metrics.ts';
import { parseCron } from './scheduler/cron.ts';
import { reconcileSchedule, startScheduler } from './scheduler/scheduler.ts';
import { createDirectory } from './slack/directory.ts';
import { slackConfigError } from './slack/errors.ts';
import { createSlack } from './slack/slack.ts';
import { defaultTimings } from './slack/socket-mode/receiver.ts';

export type Running = {
  /** The port that HTTP is answered on, also where PORT was 0. */
  port: number;
  /** Does what is due by now, such as reminders, without waiting for the clock to strike. */
  runDueJobs: () => Promise<void>;
  /** Takes nothing new, finishes what runs, and lets go of everything. Safe to call twice. */
  stop: () => Promise<void>;
};

/** How long what runs may take to finish, in milliseconds: of the ten seconds that a SIGTERM leaves. */
const answersFinishIn = 3_000;
const deliveriesFinishIn = 4_000;

/** How long a check of readiness may take, in milliseconds. */
const checkFor = 2_000;

/**
 * Starts Registrar. A mistake of configuration rejects with a `StartError` or an `EmbeddedPostgresError`; a database or a
 * Slack that is not there yet is waited for, until `signal` says to stop.
 */
export async function start(
  config: Config,
  log: Log,
  {
    signal = new AbortController().signal,
    now = () => new Date(),
    housekeeping = reconcileSchedule,
    wallClock = true,
    socketMode = defaultTimings,
  } = {},
): Promise<Running> {
  const catalog = await readCatalog(config.CATALOG_FILE, config.gatewayTokens);
  if (!catalog.ok) throw new StartError(catalog.mistakes.join('\n'));

  const state = { stopping: false, migrated: false, authorized: false };
  let db: Db | undefined;
  const metrics = createMetrics(() => (db && state.migrated ? readings.collect(db) : undefined), now);
  const httpClient = createHttpClient(config);
  const slack = createSlack(config, log, metrics, httpClient, socketMode);
  const http = await serveHttp(
    { host: config.HOST, port: config.PORT, metricsPort: config.METRICS_PORT },
    {
      checks: {
        process: async () => (state.stopping ? 'stopping' : null),
        database: async () => {
          if (!db || !state.migrated) return 'not reachable, or not migrated yet';
          return (await withTimeout(checkFor, reachable(db.tables), false))
            ? null
            : 'not reachable, or not to be written';
        },
        slack: async () =>
          state.authorized && slack.connected() ? null : 'the token is not accepted yet, or no connection is open',
      },
      metrics: metrics.text,
      slack: slack.listener,
    },
  ).catch((error) => {
    throw new StartError(
      `HOST, PORT and METRICS_PORT: cannot listen on ${config.HOST}:${error.port ?? config.PORT} (${error.code}).`,
    );
  });

  log.info({ port: http.port }, 'listening');
  if (isSlackUnencrypted(config))
    log.warn(
      'SLACK_API_URL is http://: tokens and everything that people write can be read on the network; use https://',
    );

  const parts = new AsyncDisposableStack();
  const stop = async (): Promise<void> => {
    state.stopping = true;
    await http.close();
    await parts.disposeAsync();
  };
  try {
    const url = config.DATABASE_URL ?? (await embedded());
    const client = connect(url);
    parts.defer(client.close);
    const { SMTP_URL: smtp, MAIL_FROM: from } = config;
    const mailer = smtp && from ? createMailer(smtp, from) : undefined;
    const trouble = (error: Error) => log.error({ err: error }, 'trouble in the outbox; it mends itself');
    const outbox = createOutbox(url, trouble, { mail: mailer !== undefined });
    db = { tables: client.tables, outbox };
    const { tables } = db;
    await retryUntilReady('database', () => migrateDatabase(url), databaseConfigError, signal, log);
    await retryUntilReady('outbox', () => outbox.start(), databaseConfigError, signal, log);
    parts.defer(() => outbox.stop(deliveriesFinishIn));
    state.migrated = true;
    if (config.CATALOG_FILE)
      log.info(await applyCatalogFile({ tables, outbox }, catalog.services, now()), 'the catalog file is applied');

    const directory = createDirectory(slack.client, now, log);
    outdated
      .subscribe(client, directory.invalidate)
      .catch((error) => log.warn({ err: error }, 'other replicas cannot be heard yet; it is tried again'));
    const schedule = parseCron(config.REMINDER_SCHEDULE, config.TIME_ZONE);
    const deps = {
      config,
      db,
      poster: slack.poster,
      yieldToInteractive: slack.yieldToInteractive,
      gateways: createGateways(catalog.gateways, { fetch: httpClient.fetch, now }),
      directory,
      mailer,
      metrics,
      schedule,
      now,
      log,
    };
    registerListeners(slack.app, deps);
    parts.defer(() => slack.stop(answersFinishIn));
    await retryUntilReady('Slack', () => slack.start(), slackConfigError, signal, log);
    state.authorized = true;
    await outbox.work(tables, deliver(deps));
    const { runDueJobs, stop: stopClock } = startScheduler(deps, { housekeeping, wallClock });
    parts.defer(stopClock);
    log.info({ port: http.port, mode: slack.listener ? 'http' : 'socket' }, 'Registrar is ready');
    return { port: http.port, runDueJobs, stop };
  } catch (error) {
    await stop();
    throw error;
  }

  async function embedded(): Promise<string> {
    const server = await startEmbedded(config.DATA_DIR, (line) => log.debug({ from: 'postgres' }, line));
    parts.defer(server.stop);
    return server.url;
  }
}

/** The program: the environment in, exit code out. */
async function run(): Promise<void> {
  const read = readConfig(process.env);
  if (!read.ok) {
    const catalog = await readCatalog(process.env.CATALOG_FILE || undefined, gatewayTokensIn(process.env));
    const mistakes = read.mistakes.map(({ variable, expected }) => `${variable}: ${expected}`);
    const lines = [...mistakes, ...(catalog.ok ? [] : catalog.mistakes)].map((line) => `  ${line}`);
    return fail(
      `Registrar cannot start. Please set:\n${lines.join('\n')}\n\nTo try it without Slack or any setting: npm run demo`,
    );
  }
  const { config } = read;
  const log = createLog(config.LOG_LEVEL);
  const stopping = new AbortController();
  const running = start(config, log, { signal: stopping.signal });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // Every time, and not only once: a second Ctrl-C does not cut off what is being finished.
    process.on(signal, async () => {
      if (stopping.signal.aborted) return;
      log.info({ signal }, 'stopping');
      stopping.abort();
      setTimeout(() => process.exit(0), 9_500).unref();
      await running.then(({ stop }) => stop()).catch(() => {});
      process.exit(0);
    });
  }
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'Registrar cannot go on');
    process.exit(1);
  });
  process.on('unhandledRejection', (reason) => {
    // Slack's SDK throws on a body that is no object, where nobody can catch it: one of them is not the end.
    log.error({ err: reason }, 'an error that nobody handled');
  });

  await running.catch((error) => {
    if (stopping.signal.aborted) return;
    if (error instanceof StartError || error instanceof EmbeddedPostgresError)
      return fail(`Registrar cannot start.\n${error.message}`);
    log.fatal({ err: error }, 'Registrar cannot start');
    process.exit(1);
  });
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

if (import.meta.main) await run();
