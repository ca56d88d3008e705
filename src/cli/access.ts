/**
 * `npm run access -- --plan`: says who would be granted what, and whose access would be taken away, when Registrar next starts
 * with this catalog file. It changes nothing, and needs only CATALOG_FILE and the variables that say where the database is.
 */
import { parseArgs } from 'node:util';
import { type ParsedCatalog, parseCatalogFile } from '../catalog-file.ts';
import { type Planned, readPlan } from '../db/access/plan.ts';
import { EmbeddedPostgresError } from '../db/embedded/data-dir.ts';
import { databaseConfigError } from '../db/errors.ts';
import { readDatabase, withDatabase } from './database.ts';
import { asksForHelp, UsageError } from './usage-error.ts';

const usage = 'npm run access -- --plan   says what access the next start would grant and take away';

/** Runs the program. Returns its output, in lines. */
export async function listPlannedChanges(args: string[], env: Record<string, string | undefined>): Promise<string> {
  if (asksForHelp(args)) return usage;
  if (!isPlan(args)) throw new UsageError(usage);
  const file: ParsedCatalog | undefined = env.CATALOG_FILE ? await parseCatalogFile(env.CATALOG_FILE) : undefined;
  if (file && !file.ok) throw new UsageError(file.mistakes.join('\n'));
  const services = new Map(file?.services.map(({ slug, access }) => [slug, access]));
  const planned = await withDatabase(readDatabase(env), (url) => readPlan(url, services));
  if (planned.length === 0) return 'Nothing: every gateway has confirmed what registrations say.';
  const count = (kind: Planned['kind']) => planned.filter((one) => one.kind === kind).length;
  return [...planned.map(formatPlanned), `${count('grant')} to grant, ${count('remove')} to take away.`].join('\n');
}

const formatPlanned = ({ kind, application, gateway, group, services }: Planned): string =>
  `${kind === 'grant' ? 'grant ' : 'remove'}  ${gateway}  ${group}  ${JSON.stringify(application)}${services.length > 0 ? `  (${services.join(', ')})` : ''}`;

function isPlan(args: string[]): boolean {
  try {
    return parseArgs({ args, options: { plan: { type: 'boolean' } } }).values.plan === true;
  } catch {
    return false;
  }
}

if (import.meta.main) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  await listPlannedChanges(process.argv.slice(2), process.env)
    .then((output) => process.stdout.write(`${output}\n`))
    .catch((error) => {
      const known = error instanceof UsageError || error instanceof EmbeddedPostgresError ? error.message : undefined;
      process.stderr.write(`${known ?? databaseConfigError(error) ?? `The database cannot be read (${error}).`}\n`);
      process.exitCode = 1;
    });
}
