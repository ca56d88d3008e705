/** The arrows: main → app → features → views, db → domain → nothing. Who may import whom, and what a folder may not do. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../../src/', import.meta.url).pathname;
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** What a file imports: files of src as paths from src, packages by name. */
function importsOf(file: string): string[] {
  const found = textOf(file).matchAll(
    /(?:import|export)[^'"`;]*?from\s*'([^']+)'|import\('([^']+)'\)|import '([^']+)'/g,
  );
  return [...found].map(([, from, dynamic, bare]) => {
    const name = from ?? dynamic ?? bare ?? '';
    return name.startsWith('.') ? relative(root, normalize(join(root, dirname(file), name))) : name;
  });
}

/** By folder: what may be imported, as patterns. Node's own modules are said explicitly. */
const rules: Record<string, RegExp[]> = {
  domain: [/^domain\//],
  views: [/^views\//, /^domain\//, /^@slack\/types$/, /^zod$/],
  db: [/^db\//, /^domain\//, /^drizzle-orm/, /^postgres$/, /^pg-boss$/, /^node:/],
  catalog: [/^catalog\//, /^domain\//, /^config\.ts$/, /^yaml$/, /^zod$/, /^node:/],
  features: [
    /^features\//,
    /^views\//,
    /^domain\//,
    /^db\/(?!(\w+-)?schema\.ts)/,
    /^@slack\/(bolt|web-api)$/,
    /^(deps|answer|posting|mail|deciding|colleagues|listing|log|upload|chart)\.ts$/,
  ],
};

describe.each(Object.entries(rules))('%s/', (folder, allowed) => {
  it.each(files.filter((file) => file.startsWith(`${folder}/`)))('%s imports only what its room may', (file) => {
    expect(importsOf(file).filter((name) => !allowed.some((pattern) => pattern.test(name)))).toEqual([]);
  });
});

it('nothing in src imports the tests', () => {
  expect(files.filter((file) => importsOf(file).some((name) => name.startsWith('..')))).toEqual([]);
});

it('features know nothing of each other', () => {
  const features = files.filter((file) => file.startsWith('features/'));
  // One that outgrew its file has a folder of the same name, which is its own.
  const own = (file: string) => file.replace(/\.ts$/, '/');
  const others = (file: string) =>
    importsOf(file).filter((name) => name.startsWith('features/') && !name.startsWith(own(file)));
  expect(features.filter((file) => others(file).length > 0)).toEqual([]);
});

it('what is pure has no clock, no chance, no waiting and no world', () => {
  const pure = files.filter((file) => /^(domain|views)\//.test(file));
  const impure = /\bawait\b|\basync\b|\bPromise\b|Date\.now|new Date\(\)|Math\.random|\bprocess\b|\bfetch\b|console\./;
  expect(pure.filter((file) => impure.test(textOf(file)))).toEqual([]);
});

it('only programs read the environment', () => {
  const readers = files.filter((file) => textOf(file).includes('process.env')).sort();
  expect(readers).toEqual(['audit.ts', 'doctor.ts', 'main.ts', 'outbox.ts']);
});

it('only db/ speaks SQL', () => {
  const outside = files.filter(
    (file) => !file.startsWith('db/') && importsOf(file).some((name) => /^drizzle-orm|^postgres$/.test(name)),
  );
  expect(outside).toEqual([]);
});

it('only db/history.ts adds to the records, so that it comes last in a transaction; and the catalog file', () => {
  const into = /insert\((history|applicationHistory|serviceChanges)\)/;
  const sql =
    /insert\s+into\s+(history\b|application_history|service_changes|\$\{(history|applicationHistory|serviceChanges)\})/i;
  const adding = (file: string) => into.test(textOf(file)) || sql.test(textOf(file));
  expect(files.filter(adding).sort()).toEqual(['db/catalog.ts', 'db/history.ts']);
});

it('files fit a screen or two', () => {
  expect(files.filter((file) => textOf(file).split('\n').length > 220)).toEqual([]);
});

it('there is one way to export, and no way around the types', () => {
  expect(
    files.filter((file) =>
      /^export default|^export \*|\bas any\b|as unknown as|^(export )?(const )?enum /m.test(textOf(file)),
    ),
  ).toEqual([]);
});
