/** Builds, starts and stops everything. Run as a program it is the bot; tests and the demo call `start`. */
import type { WebClient } from '@slack/web-api';
import { createGateways } from './access/clients.ts';
import { requestTimeout } from './access/http.ts';
import { registerListeners } from './app.ts';
import { retryUntilReady, StartError } from './async/retry.ts';
import { withTimeout } from './async/timeout.ts';
import {
  type CatalogText,
  checkCatalog,
  checkCatalogApart,
  openCatalog,
  quickLength,
  type ReadCatalog,
  readCatalog,
  readDeclared,
  withTokens,
} from './catalog-file.ts';
import { type Config, gatewayTokensIn, isSlackUnencrypted, readConfig } from './config.ts';
import { listGateways } from './db/access/request.ts';
import * as cacheInvalidation from './db/cache-invalidation.ts';
import * as channelIds from './db/channel-ids.ts';
import { connect, reachable } from './db/client.ts';
import { createClock } from './db/clock.ts';
import { watchPool } from './db/connection/watchdog.ts';
import type { Db } from './db/db.ts';
import { EmbeddedPostgresError } from './db/embedded/data-dir.ts';
import { startEmbedded } from './db/embedded/embedded.ts';
import { databaseConfigError } from './db/errors.ts';
import * as databaseMetrics from './db/metrics.ts';
import { migrateDatabase } from './db/migrate.ts';
import { createOutbox, startDelivering } from './db/outbox/outbox.ts';
import { takeOverPgBoss } from './db/outbox/pg-boss.ts';
import type { Worker } from './db/outbox/worker.ts';
import { announcePolicy } from './db/policy-in-force.ts';
import * as cardDrift from './db/registration/card-drift.ts';
import { countReplicas } from './db/replicas.ts';
import { checkTimeZone } from './db/requirements.ts';
import { noticeRestore } from './db/restore.ts';
import { findApplied, recordApplied } from './db/service/applied-catalog.ts';
import { applyCatalogFile } from './db/service/apply-catalog-file.ts';
import * as workspace from './db/workspace.ts';
import { admins, describePolicy, isOpenToAll } from './domain/authorization.ts';
import { channelId } from './domain/service.ts';
import { createMailer } from './email.ts';
import { deliver } from './features/deliver.ts';
import { followChannelIds } from './features/shared/current-channels.ts';
import { serveHttp } from './http.ts';
import { createHttpClient } from './http-client.ts';
import { createLog, type Log } from './observability/log.ts';
import { createMetrics } from './observability/metrics.ts';
import { limitsBothDays, parseCron } from './scheduler/cron.ts';
import { reconcileSchedule, startScheduler } from './scheduler/scheduler.ts';
import { lookUpChannel } from './slack/channels-and-groups.ts';
import { createDirectory } from './slack/directory.ts';
import { slackConfigError } from './slack/errors.ts';
import { createSlack } from './slack/slack.ts';
import { defaultTimings, type SocketModeTimings } from './slack/socket-mode/receiver.ts';

export type Running = {
  /** The port that HTTP is served on, also where PORT is 0. */
  port: number;
  /** Runs what is due by now, such as reminders, without waiting for the next tick. */
  runDueJobs: () => Promise<void>;
  /** Waits until no interaction is in flight; it goes on accepting more. */
  drain: () => Promise<void>;
  /** Accepts nothing new, drains what is in flight, and closes everything. Safe to call twice. */
  stop: () => Promise<void>;
};

export type StartOptions = {
  signal: AbortSignal;
  /** Returns the machine's time in milliseconds: the database's counts, and how far they differ is measured. */
  machineTime: () => number;
  /** The time, for callers with a clock of their own. */
  now: (() => Date) | undefined;
  reconciliation: typeof reconcileSchedule;
  wallClock: boolean;
  socketMode: SocketModeTimings;
  /** How long a gateway may take to answer, in milliseconds. */
  gatewayTimeout: number;
};

/** How long interactions and deliveries in flight may take to finish, in milliseconds: of the 10 s until SIGTERM's exit. */
const interactionDrain = 3_000;
const deliveryDrain = 4_000;

/** How many services that the catalog file has changed are named in the log. */
const maxNamed = 50;
/** How many cards a start moves or updates at once; reconciliation does the others. */
const maxMoved = 500;

/** How long a readiness check may take, in milliseconds. */
const readinessTimeout = 2_000;

/**
 * Starts Registrar. Rejects with a `StartError` or an `EmbeddedPostgresError` where an operator has to change something. A
 * database or a Slack that is not reachable is retried until `signal` is aborted.
 */
export async function startRegistrar(
  config: Config,
  log: Log,
  {
    signal = new AbortController().signal,
    machineTime = Date.now,
    now: given,
    reconciliation = reconcileSchedule,
    wallClock = true,
    socketMode = defaultTimings,
    gatewayTimeout = requestTimeout,
  }: Partial<StartOptions> = {},
): Promise<Running> {
  const clock = createClock(log, machineTime);
  const now = given ?? clock.now;
  const opened = await openCatalog(config.CATALOG_FILE);
  if (!opened.ok) throw new StartError(opened.mistakes.join('\n'));
  const { file } = opened;
  // Mistakes are named before anything else; those of a large file when the database says that it is another one.
  const checked =
    file && file.text.length > quickLength ? undefined : orStartError(checkCatalog(file, config.gatewayTokens));

  const state = { stopping: false, migrated: false, authorized: false };
  let db: Db | undefined;
  const metrics = createMetrics(() => (db && state.migrated ? databaseMetrics.collect(db) : undefined), now);
  const httpClient = createHttpClient(config);
  const slack = createSlack(
    config,
    log,
    metrics,
    httpClient,
    async () => (db && state.migrated ? countReplicas(db) : undefined),
    socketMode,
    now,
  );
  const http = await serveHttp(
    { host: config.HOST, port: config.PORT, metricsPort: config.METRICS_PORT },
    {
      checks: {
        process: async () => (state.stopping ? 'stopping' : null),
        database: async () => {
          if (!db || !state.migrated) return 'not reachable, or not migrated yet';
          return (await withTimeout(readinessTimeout, reachable(db.tables), false))
            ? null
            : 'not reachable, or read-only';
        },
        slack: async () => {
          if (!state.authorized || !slack.connected()) return 'token not accepted yet, or no connection open';
          return withTimeout(readinessTimeout, slack.tokenProblem(), null);
        },
      },
      metrics: metrics.text,
      slack: slack.listener,
    },
  ).catch((error) => {
    throw new StartError(
      `HOST, PORT and METRICS_PORT: cannot listen on ${config.HOST}:${error.port ?? config.PORT} (${error.code}).`,
    );
  });

  for (const variable of ['REMINDER_SCHEDULE', 'DIGEST_SCHEDULE'] as const)
    if (config[variable] && limitsBothDays(config[variable]))
      log.warn({ variable }, 'schedule limits days of the month and of the week: it runs only on days that are both');
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
    const mail = mailer !== undefined;
    const outbox = createOutbox({ mail });
    db = { tables: client.tables, outbox };
    const { tables } = db;
    await retryUntilReady('database', () => migrateDatabase(url), databaseConfigError, signal, log);
    const zone = config.TIME_ZONE;
    await retryUntilReady('database', () => checkTimeZone(client, zone), databaseConfigError, signal, log);
    const takenOver = await retryUntilReady(
      'outbox',
      () => takeOverPgBoss({ tables }),
      databaseConfigError,
      signal,
      log,
    );
    if (takenOver !== 'nothing') log.info({ takenOver }, 'outbox of version 0.1 taken over');
    state.migrated = true;
    parts.defer(await retryUntilReady('database', () => clock.follow({ tables }), databaseConfigError, signal, log));
    const stopWatch = watchPool(client, url, () => {
      // Outside of every promise: it ends the process.
      throw new Error('the pool has not answered for a minute, and PostgreSQL does');
    });
    parts.defer(stopWatch);
    const channels = followChannelIds({ config, db, log });
    await channels.refresh();
    const known = file && readDeclared(await findApplied({ tables }, file.hash));
    const catalog = known
      ? orStartError(withTokens({ services: [], gateways: known }, config.gatewayTokens))
      : (checked ?? (await checkLarge(file)));
    if (known) log.info('catalog file unchanged');
    else if (file) {
      const { set, dropped } = await applyCatalogFile({ tables, outbox }, channels.inCatalog(catalog.services), now());
      await recordApplied(
        { tables },
        file.hash,
        catalog.gateways.map(({ token: _, ...declared }) => declared),
      );
      const counts = { services: catalog.services.length, changed: set.length + dropped.length };
      log.info({ ...counts, set: set.slice(0, maxNamed), dropped: dropped.slice(0, maxNamed) }, 'catalog file applied');
    }

    const directory = createDirectory(slack.client, now, log);
    cacheInvalidation
      .subscribe(client, (id) => {
        directory.invalidate(id);
        if (id !== undefined && !channelId.test(id)) return;
        channels.refresh().catch((error) => log.warn({ err: error }, 'ids of channels could not be read, will retry'));
      })
      .catch((error) => log.warn({ err: error }, 'LISTEN for cache invalidation failed, will retry'));
    const schedule = parseCron(config.REMINDER_SCHEDULE, config.TIME_ZONE);
    const gateways = createGateways(catalog.gateways, { fetch: httpClient.fetch, now, timeout: gatewayTimeout });
    const deps = {
      config,
      db,
      poster: slack.poster,
      yieldToInteractive: slack.yieldToInteractive,
      gateways,
      directory,
      mailer,
      metrics,
      schedule,
      now,
      log,
    };
    registerListeners(slack.app, deps);
    let worker: Worker | undefined;
    // After Slack's part has stopped: what the last answers enqueue leaves as well.
    parts.defer(async () => worker?.stop(deliveryDrain));
    parts.defer(() => slack.stop(interactionDrain));
    const own = await retryUntilReady('Slack', () => slack.identity(), slackConfigError, signal, log);
    const kept = await retryUntilReady(
      'database',
      () => workspace.claim(client, own),
      databaseConfigError,
      signal,
      log,
    );
    const foreign = workspace.foreignWorkspace(kept, own);
    if (foreign) throw new StartError(`DATABASE_URL: ${foreign}.`);
    const { restoredAt, noticed } = await retryUntilReady(
      'database',
      () => noticeRestore(url),
      databaseConfigError,
      signal,
      log,
    );
    if (noticed)
      log.warn(
        { restoredAt },
        'the database was restored from a copy: what it has posted is looked for, its cards are updated',
      );
    await retryUntilReady('Slack', () => slack.start(), slackConfigError, signal, log);
    const mixed = workspace.mixedTokens(own, slack.socketApp());
    if (mixed) throw new StartError(`${mixed}.`);
    state.authorized = true;
    void warnOfOpenChannel(slack.client, config, log);
    await channelIds.moveRows(db, config.policy.adminChannel, now());
    const moved = await cardDrift.enqueueMisplaced(db, config.policy.adminChannel, maxMoved);
    if (moved > 0) log.info({ moved }, 'ADMIN_CHANNEL has changed: cards of pending requests move there');
    await cardDrift.enqueueMissing(db, maxMoved);
    worker = startDelivering(client, outbox, {
      deliver: deliver(deps),
      log,
      mail,
      gateways: await listGateways(db, [...gateways.keys()]),
      restoredAt,
    });
    await announcePolicy(db, describePolicy(config.policy, config.AUTO_APPROVE));
    const { runDueJobs, stop: stopScheduler } = startScheduler(deps, { reconciliation, wallClock });
    parts.defer(stopScheduler);
    log.info({ port: http.port, mode: slack.listener ? 'http' : 'socket' }, 'Registrar is ready');
    return { port: http.port, runDueJobs, drain: () => slack.drain(interactionDrain), stop };
  } catch (error) {
    await stop();
    throw error;
  }

  async function checkLarge(file: CatalogText | undefined) {
    log.info('catalog file has changed, checking it');
    const catalog = orStartError(await checkCatalogApart(file, config.gatewayTokens, signal));
    log.info('catalog file checked');
    return catalog;
  }

  async function embedded(): Promise<string> {
    const server = await startEmbedded(
      config.DATA_DIR,
      (line) => log.trace({ from: 'postgres' }, line),
      (error) => {
        // Outside of every promise: it ends the process.
        setImmediate(() => {
          throw error;
        });
      },
    );
    parts.defer(server.stop);
    return server.url;
  }
}

/** Returns what a catalog file says. Throws a `StartError` where it has mistakes. */
function orStartError(catalog: ReadCatalog): Extract<ReadCatalog, { ok: true }> {
  if (!catalog.ok) throw new StartError(catalog.mistakes.join('\n'));
  return catalog;
}

/** Warns where everyone who joins ADMIN_CHANNEL is an approver and an admin. */
async function warnOfOpenChannel(client: WebClient, { policy }: Config, log: Log): Promise<void> {
  if (policy.approvers.length > 0) return;
  try {
    const { audience } = await lookUpChannel(client, policy.adminChannel);
    if (isOpenToAll(admins(policy), audience))
      log.warn(
        { channel: policy.adminChannel, audience },
        'everyone who joins ADMIN_CHANNEL is an approver and an admin: set APPROVERS, or make the channel private',
      );
  } catch (error) {
    log.warn({ err: error }, 'Slack did not say who can join ADMIN_CHANNEL; npm run doctor looks again');
  }
}

/** Runs the program: reads the environment, handles signals, and sets the exit code. */
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
  const running = startRegistrar(config, log, { signal: stopping.signal });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // Not `once`: a second Ctrl-C must not end the process while it drains.
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
    log.fatal({ err: error }, 'uncaught error, Registrar exits');
    process.exit(1);
  });
  process.on('unhandledRejection', (reason) => {
    // Slack's SDK throws on a body that is no object, where nothing can catch it: that must not end the process.
    log.error({ err: reason }, 'unhandled rejection, Registrar goes on');
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
