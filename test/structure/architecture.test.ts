/** The imports between folders, as docs/architecture.md draws them, and what a folder may not do. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../../src/', import.meta.url).pathname;
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Lists what a file imports, types included: files of src as paths from src, packages by name. */
function importsOf(file: string): string[] {
  const found = textOf(file).matchAll(
    /(?:import|export)[^'"`;]*?from\s*'([^']+)'|import\('([^']+)'\)|import '([^']+)'/g,
  );
  return [...found].map(([, from, dynamic, bare]) => {
    const name = from ?? dynamic ?? bare ?? '';
    return name.startsWith('.') ? relative(root, normalize(join(root, dirname(file), name))) : name;
  });
}

const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** The first folder of a path; a file of src's own is its own room. */
const roomOf = (path: string): string => path.split('/')[0] ?? path;

/** What each folder may import: folders and files of src, and packages. `node:` modules are open to all but the pure ones. */
const allowed: Record<string, readonly string[]> = {
  domain: [],
  views: ['domain', '@slack/types', 'zod'],
  async: ['observability', 'node:'],
  db: ['domain', 'async', 'drizzle-orm', 'postgres', 'node:'],
  access: ['domain', 'async', 'observability', 'zod', 'node:', 'standardwebhooks'],
  slack: ['views', 'db', 'domain', 'async', 'observability', 'config.ts', 'deps.ts', 'http-client.ts', '*'],
  observability: ['db', 'domain', 'async', 'slack', '*'],
  features: [
    'views',
    'domain',
    'db',
    'slack',
    'access',
    'observability',
    'email.ts',
    'async',
    'deps.ts',
    '@slack/bolt',
    '@slack/web-api',
    '@napi-rs/canvas',
    'chart.js',
    'node:',
  ],
  scheduler: ['features', 'db', 'domain', 'async', 'observability', 'deps.ts', '*'],
};

/** No folder imports these; they are where the program begins. */
const entrances = ['cli', 'scheduler', 'app.ts', 'main.ts'];

const isPackage = (name: string): boolean => !files.includes(name);

function mayImport(file: string, name: string): boolean {
  const room = roomOf(file);
  const rules = allowed[room];
  if (!rules) return true;
  if (!isPackage(name) && roomOf(name) === room) return true;
  if (isPackage(name))
    return rules.some(
      (rule) =>
        rule === '*' || name === rule || name.startsWith(`${rule.replace(/:$/, '')}${rule.endsWith(':') ? ':' : '/'}`),
    );
  return rules.includes(roomOf(name));
}

describe.each(Object.keys(allowed))('%s/', (room) => {
  it('imports only what its folder may', () => {
    const wrong = files
      .filter((file) => roomOf(file) === room)
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => !mayImport(file, name))
          .map((name) => `${file} → ${name}`),
      );
    expect(wrong).toEqual([]);
  });
});

it('entry points are imported by entry points only', () => {
  const importers = files.flatMap((file) =>
    importsOf(file)
      .filter((name) => !isPackage(name) && entrances.includes(roomOf(name)) && !entrances.includes(roomOf(file)))
      .map((name) => `${file} → ${name}`),
  );
  expect(importers).toEqual([]);
});

it('nothing in src imports the tests', () => {
  expect(files.filter((file) => importsOf(file).some((name) => name.startsWith('..')))).toEqual([]);
});

it('features import neither each other nor the schema', () => {
  // A folder is a noun, and its verbs may share; deliver.ts hands out the work of deliver/.
  const mine = (file: string) => [
    file.replace(/\.ts$/, '/'),
    ...(dirname(file) === 'features' ? [] : [`${dirname(file)}/`]),
    'features/shared/',
  ];
  const wrong = files
    .filter((file) => file.startsWith('features/'))
    .flatMap((file) =>
      importsOf(file)
        .filter(
          (name) =>
            name.startsWith('db/schema/') ||
            (name.startsWith('features/') && !mine(file).some((own) => name.startsWith(own))),
        )
        .map((name) => `${file} → ${name}`),
    );
  expect(wrong).toEqual([]);
});

it('there is no import cycle, types included', () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, path: string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
    if (path.includes(file) || done.has(file)) return;
    for (const name of imports.get(file) ?? []) if (!isPackage(name)) walk(name, [...path, file]);
    done.add(file);
  };
  for (const file of files) walk(file, []);
  expect(circles).toEqual([]);
});

it('no folder holds too many files', () => {
  const counts = Map.groupBy(files, (file) => dirname(file));
  const crowded = [...counts]
    .filter(([folder, held]) => held.length > (folder === '.' ? 10 : 18))
    .map(([folder]) => folder);
  expect(crowded).toEqual([]);
});

it('no two files have names that differ by a letter', () => {
  const names = files.map((file) => file.split('/').at(-1) ?? file);
  const pairs = files.flatMap((one, at) =>
    files.slice(at + 1).flatMap((other, from) => {
      const [a, b] = [names[at] ?? '', names[at + 1 + from] ?? ''];
      return dirname(one) === dirname(other) &&
        a !== b &&
        (`${a.slice(0, -3)}s.ts` === b || `${b.slice(0, -3)}s.ts` === a)
        ? [`${one}, ${other}`]
        : [];
    }),
  );
  expect(pairs).toEqual([]);
});

/** Lists what a file exports, by name. */
const exportsOf = (file: string): string[] =>
  [...textOf(file).matchAll(/^export (?:async )?(?:function|const|class|type|interface) (\w+)/gm)].map(
    ([, name]) => name ?? '',
  );

/** Lists what a file imports by name, as "file name". What is read with its module (`registrations.find`) is not listed. */
const namedImportsOf = (file: string): string[] =>
  [...textOf(file).matchAll(/^(?:import|export) (?:type )?\{([^}]*)\}\s*from '(\.[^']*)'/gm)].flatMap(
    ([, names = '', from = '']) =>
      names
        .split(',')
        .map(
          (name) =>
            name
              .trim()
              .replace(/^type /, '')
              .split(' as ')[0] ?? '',
        )
        .filter((name) => name !== '')
        .map((name) => `${relative(root, normalize(join(root, dirname(file), from)))} ${name}`),
  );

it('a name that several files export is read with its module', () => {
  const exporters = Map.groupBy(
    files.flatMap((file) => exportsOf(file).map((name) => ({ file, name }))),
    ({ name }) => name,
  );
  const tests = readdirSync(join(root, '../test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `../test/${file}`);
  const named = new Set([...files, ...tests].flatMap(namedImportsOf));
  expect(named).toContain('domain/effects.ts Effect');
  const ambiguous = [...exporters.values()]
    .filter((several) => several.length > 1)
    .map((several) => several.map(({ file, name }) => `${file} ${name}`))
    .filter((several) => several.some((one) => named.has(one)));
  expect(ambiguous).toEqual([]);
});

it('pure code has no clock, no randomness, no waiting and no I/O', () => {
  const pure = files.filter((file) => /^(domain|views)\//.test(file));
  const impure = /\bawait\b|\basync\b|\bPromise\b|Date\.now|new Date\(\)|Math\.random|\bprocess\b|\bfetch\b|console\./;
  expect(pure.filter((file) => impure.test(textOf(file)))).toEqual([]);
});

it('only programs read the environment', () => {
  const readers = files.filter((file) => textOf(file).includes('process.env'));
  expect(readers.filter((file) => roomOf(file) !== 'cli' && file !== 'main.ts')).toEqual([]);
});

it('only db/audit-log/append.ts adds to the records, so that it comes last in a transaction; and the catalog file', () => {
  const into = /insert\((history|applicationHistory|serviceChanges)\)/;
  const sql =
    /insert\s+into\s+(history\b|application_history|service_changes|\$\{(history|applicationHistory|serviceChanges)\})/i;
  const adding = (file: string) => into.test(textOf(file)) || sql.test(textOf(file));
  expect(files.filter(adding).sort()).toEqual(['db/audit-log/append.ts', 'db/service/apply-catalog-file.ts']);
});

it('there are only named exports, and no casts around the types', () => {
  expect(
    files.filter((file) =>
      /^export default|^export \*|\bas any\b|as unknown as|^(export )?(const )?enum /m.test(textOf(file)),
    ),
  ).toEqual([]);
});

it('docs/architecture.md has every folder in its map', () => {
  const project = join(root, '..');
  const [, map = ''] =
    /^```\n(src\/[\s\S]*?)^```/m.exec(readFileSync(join(project, 'docs/architecture.md'), 'utf8')) ?? [];
  const foldersOf = (path: string): string[] =>
    readdirSync(join(project, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${path}/${name}`);
  const rooms = foldersOf('src');
  const folders = [...rooms, ...rooms.flatMap(foldersOf), ...foldersOf('test')];
  expect(folders).toContain('src/views/registration');
  expect(folders.filter((folder) => !map.includes(`${basename(folder)}/`))).toEqual([]);
});

it('the tests that docs/failure-modes.md names are there', () => {
  const tests = new URL('../', import.meta.url).pathname;
  const text = readFileSync(join(tests, '../docs/failure-modes.md'), 'utf8');
  const folders = readdirSync(tests).filter((name) => !name.includes('.'));
  const named = [...text.matchAll(/`(\w+)\/([\w/-]+)`/g)].filter(([, folder = '']) => folders.includes(folder));
  const missing = named
    .map(([, folder, name]) => `${folder}/${name}`)
    .filter((name) => !existsSync(join(tests, `${name}.test.ts`)) && !existsSync(join(tests, name)));
  expect(named.length).toBeGreaterThan(100);
  expect(missing).toEqual([]);
});

it('what the docs link to in the project is there', () => {
  const project = join(root, '..');
  const under = (folder: string) =>
    readdirSync(join(project, folder), { recursive: folder !== '', encoding: 'utf8' }).map((file) =>
      join(folder, file),
    );
  const pages = ['', 'docs', 'src', 'test'].flatMap(under).filter((file) => file.endsWith('.md'));
  const links = pages.flatMap((page) =>
    [...readFileSync(join(project, page), 'utf8').matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(
      ([, to = '']) => ({
        page,
        to,
      }),
    ),
  );
  expect(links.length).toBeGreaterThan(30);
  expect(links.filter(({ page, to }) => !existsSync(join(project, dirname(page), to)))).toEqual([]);
});
