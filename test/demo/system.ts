/** The whole system in one process: a local workspace, an embedded PostgreSQL, a mail server, and the real bot in Socket Mode. */
import { fileURLToPath } from 'node:url';
import { StartError } from '../../src/async/retry.ts';
import { readConfig } from '../../src/config.ts';
import { EmbeddedPostgresError } from '../../src/db/embedded/data-dir.ts';
import { type Running, start } from '../../src/main.ts';
import { createLog } from '../../src/observability/log.ts';
import type { WorkspaceOptions } from '../local-slack/slack-server.ts';
import { openWorkspace, type Workspace } from '../local-slack/workspace.ts';
import { environment } from '../support/bot.ts';
import { openMailServer } from '../support/mail-server.ts';
import { Mailbox } from './mailbox.ts';
import { codeOf, Trouble } from './trouble.ts';

export type System = AsyncDisposable & {
  workspace: Workspace;
  mailbox: Mailbox;
  /** The bot goes, and comes again with these settings beside its usual ones. */
  restartBot(env: Record<string, string>): Promise<void>;
};

export type Setting = {
  /** Where PostgreSQL keeps its files. */
  folder: string;
  workspace?: WorkspaceOptions;
  /** The letters of the last time. */
  letters?: string;
  env?: Record<string, string>;
  /** Says to stop while it is still starting. */
  signal?: AbortSignal;
};

const sender = 'Registrar <registrar@acme.example>';
const catalog = fileURLToPath(new URL('catalog.yaml', import.meta.url));

/** Starts everything. What the machine does not allow rejects with a `Trouble`. */
export async function openSystem({ folder, env = {}, signal, ...setting }: Setting): Promise<System> {
  const workspace = await listening(setting.workspace ?? {});
  const mailbox = new Mailbox(setting.letters);
  const mail = await openMailServer((letter) => mailbox.add(letter));
  const usual = { DATA_DIR: folder, CATALOG_FILE: catalog, SMTP_URL: mail.url, MAIL_FROM: sender };
  const startOne = (more: Record<string, string>) => startBot(workspace, { ...usual, ...env, ...more }, signal);
  let bot: Running;
  try {
    bot = await startOne({});
  } catch (error) {
    await mail[Symbol.asyncDispose]();
    await workspace[Symbol.asyncDispose]();
    throw error;
  }
  return {
    workspace,
    mailbox,
    async restartBot(more) {
      await bot.stop();
      bot = await startOne(more);
    },
    async [Symbol.asyncDispose]() {
      await bot.stop();
      await mail[Symbol.asyncDispose]();
      await workspace[Symbol.asyncDispose]();
    },
  };
}

async function listening(options: WorkspaceOptions): Promise<Workspace> {
  return openWorkspace(options).catch((error: unknown) => {
    const { port = 0 } = options;
    const choose = `choose another: PORT=${port + 100} npm run demo`;
    if (codeOf(error) === 'EADDRINUSE') {
      throw new Trouble(`Port ${port} is taken, perhaps by a demo that runs already. Stop that one, or ${choose}`);
    }
    if (codeOf(error) === 'EACCES') throw new Trouble(`Port ${port} may not be used by you; ${choose}`);
    throw error;
  });
}

/** The bot knows nothing but these settings: whatever the caller's environment holds is about another bot. */
async function startBot(
  workspace: Workspace,
  env: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<Running> {
  const read = readConfig(environment(workspace, 'socket', { LOG_LEVEL: 'error', ...env }));
  if (!read.ok) throw new Error(`settings of the demo: ${JSON.stringify(read.mistakes)}`);
  const { config } = read;
  const starting = start(config, createLog(config.LOG_LEVEL), signal ? { signal } : {});
  return starting.catch((error: unknown) => {
    if (error instanceof StartError || error instanceof EmbeddedPostgresError) {
      throw new Trouble(`${error.message}\nThe demo itself takes neither DATA_DIR nor DATABASE_URL.`);
    }
    throw error;
  });
}
