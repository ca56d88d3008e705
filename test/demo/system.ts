/** The whole system in one process: a local workspace, an embedded PostgreSQL, a mail server, and the real bot in Socket Mode. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError } from '../../src/async/retry.ts';
import { readConfig } from '../../src/config.ts';
import { EmbeddedPostgresError } from '../../src/db/embedded/data-dir.ts';
import { type Running, startRegistrar } from '../../src/main.ts';
import { createLog } from '../../src/observability/log.ts';
import { type LocalGateway, openLocalGateway } from '../local-gateway/local-gateway.ts';
import type { WorkspaceOptions } from '../local-slack/slack-server.ts';
import { openWorkspace, type Workspace } from '../local-slack/workspace.ts';
import { environment } from '../support/bot.ts';
import { eventually } from '../support/eventually.ts';
import { openMailServer } from '../support/mail-server.ts';
import { scrape } from '../support/prometheus.ts';
import { DemoClock } from './clock.ts';
import { codeOf, DemoError } from './demo-error.ts';
import { Mailbox } from './mailbox.ts';

export type System = AsyncDisposable & {
  workspace: Workspace;
  mailbox: Mailbox;
  gateway: LocalGateway;
  clock: DemoClock;
  /** The address of the bot's metrics. */
  metricsUrl(): string;
  /** Moves the clock to so many milliseconds ahead of the machine's, and runs the scheduled jobs that are due then. */
  moveTo(ahead: number): Promise<void>;
  /** Restarts the bot, with more settings. */
  restartBot(env: Record<string, string>): Promise<void>;
};

export type Setting = {
  /** Where PostgreSQL keeps its files. */
  folder: string;
  workspace?: WorkspaceOptions;
  /** The letters of the last time. */
  letters?: string;
  /** What the gateway had the last time. */
  consumers?: string;
  env?: Record<string, string>;
  clock?: DemoClock;
  /** Aborts the start. */
  signal?: AbortSignal;
};

const sender = 'Registrar <registrar@acme.example>';
const catalog = new URL('catalog.yaml', import.meta.url);

/** The APIs behind the demo's gateway; catalog.yaml gives their services access. */
const routes = ['translation', 'loyalty', 'search'].map((name) => ({ path: `/${name}`, allow: [name] }));

/** Starts everything. Rejects with a `DemoError` where the machine or a setting does not allow it. */
export async function openSystem({
  folder,
  env = {},
  clock = new DemoClock(),
  signal,
  ...setting
}: Setting): Promise<System> {
  const workspace = await listening({ ...setting.workspace, now: clock.now });
  const mailbox = new Mailbox(setting.letters, clock.now);
  const mail = await openMailServer((letter) => mailbox.add(letter));
  const gateway = await openLocalGateway({ routes, ...(setting.consumers ? { saved: setting.consumers } : {}) });
  const written = await writeCatalog(gateway);
  const usual = {
    DATA_DIR: folder,
    CATALOG_FILE: written.file,
    GATEWAY_EDGE_TOKEN: gateway.token ?? '',
    SMTP_URL: mail.url,
    MAIL_FROM: sender,
  };
  const startOne = (more: Record<string, string>) => startBot(workspace, { ...usual, ...env, ...more }, clock, signal);
  let bot: Running;
  try {
    bot = await startOne({});
  } catch (error) {
    await gateway[Symbol.asyncDispose]();
    await written.remove();
    await mail[Symbol.asyncDispose]();
    await workspace[Symbol.asyncDispose]();
    throw error;
  }
  return {
    workspace,
    mailbox,
    gateway,
    clock,
    metricsUrl: () => `http://127.0.0.1:${bot.port}/metrics`,
    async moveTo(ahead) {
      // A reminder leaves out a request whose card is just being recorded: a day later no one is that quick.
      await eventually('all is delivered', () => isDelivered(bot.port), settleWithin).catch(() => {});
      clock.moveTo(ahead);
      await bot.runDueJobs();
    },
    async restartBot(more) {
      await bot.stop();
      bot = await startOne(more);
    },
    async [Symbol.asyncDispose]() {
      await bot.stop();
      await gateway[Symbol.asyncDispose]();
      await written.remove();
      await mail[Symbol.asyncDispose]();
      await workspace[Symbol.asyncDispose]();
    },
  };
}

/** How long a day waits for what is still being delivered, in milliseconds. */
const settleWithin = 10_000;

/** Tells whether nothing waits in the outbox but looks for copies, which are due minutes later. */
async function isDelivered(port: number): Promise<boolean> {
  const samples = await scrape(port);
  const jobs = (labels = {}) => samples.value('registrar_outbox_jobs', labels) ?? 0;
  return jobs() === jobs({ kind: 'copies' });
}

/** Writes the catalog with the address of the gateway, which changes with each start. */
async function writeCatalog({ url, proxyUrl }: LocalGateway) {
  const folder = await mkdtemp(join(tmpdir(), 'registrar-demo-catalog-'));
  const file = join(folder, 'catalog.yaml');
  const gateways = `\ngateways:\n  - { name: edge, kind: kong, url: "${url}", proxy: "${proxyUrl}" }\n`;
  await writeFile(file, (await readFile(catalog, 'utf8')) + gateways);
  return { file, remove: () => rm(folder, { recursive: true }) };
}

async function listening(options: WorkspaceOptions): Promise<Workspace> {
  return openWorkspace(options).catch((error: unknown) => {
    const { port = 0 } = options;
    const choose = `choose another: PORT=${port + 100} npm run demo`;
    if (codeOf(error) === 'EADDRINUSE') {
      throw new DemoError(`Port ${port} is taken, perhaps by a demo that runs already. Stop that one, or ${choose}`);
    }
    if (codeOf(error) === 'EACCES') throw new DemoError(`Port ${port} may not be used by you; ${choose}`);
    throw error;
  });
}

/** Starts the bot with these settings alone: the environment of the demo may be another bot's. */
async function startBot(
  workspace: Workspace,
  env: Record<string, string>,
  clock: DemoClock,
  signal: AbortSignal | undefined,
): Promise<Running> {
  const read = readConfig(environment(workspace, 'socket', { LOG_LEVEL: 'error', ...env }));
  if (!read.ok) {
    const lines = read.mistakes.map(({ variable, expected }) => `  ${variable}: ${expected}`);
    throw new DemoError(`The demo cannot start. Please set:\n${lines.join('\n')}`);
  }
  const { config } = read;
  const now = () => new Date(clock.now());
  const starting = startRegistrar(config, createLog(config.LOG_LEVEL), { now, ...(signal ? { signal } : {}) });
  return starting.catch((error: unknown) => {
    if (error instanceof StartError || error instanceof EmbeddedPostgresError) {
      throw new DemoError(`${error.message}\nThe demo itself takes neither DATA_DIR nor DATABASE_URL.`);
    }
    throw error;
  });
}
