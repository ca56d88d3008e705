/** The words of comments and logs: those that an engineer would search for, and verb phrases over functions. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = new URL('../../src/', import.meta.url).pathname;
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

const dialect =
  /\b(mend|mends|mended|settle|settles|settled|whisper|redraws?|disowned|misfits?|checkup|tidy|legible|timekeeper|thrift|puts? off|anew|whoever|somebody|nobody|beside|says so|is told|any more|of which)\b/i;

/** Returns the lines of code and comments; in views/, where strings are what users read, without the strings. */
const linesOf = (file: string): string[] =>
  (file.startsWith('views/') ? textOf(file).replace(/'[^'\n]*'|`[^`]*`|"[^"\n]*"/g, "''") : textOf(file)).split('\n');

it('comments, names and logs have no dialect', () => {
  const wrong = files.flatMap((file) =>
    linesOf(file)
      .filter((line) => dialect.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(wrong).toEqual([]);
});

const project = new URL('../../', import.meta.url).pathname;
const documents = ['', 'docs/', 'docs/decisions/', 'test/local-slack/', 'test/local-gateway/'].flatMap((folder) =>
  readdirSync(join(project, folder), { encoding: 'utf8' }).flatMap((name) =>
    name.endsWith('.md') ? [`${folder}${name}`] : [],
  ),
);

it('documents have no dialect either', () => {
  expect(documents.length).toBeGreaterThan(40);
  const wrong = documents.flatMap((file) =>
    readFileSync(join(project, file), 'utf8')
      .split('\n')
      .filter((line) => /\b(mends?|mended|anew|whoever|somebody|nobody|beside)\b/i.test(line))
      .map((line) => `${file}: ${line}`),
  );
  expect(wrong).toEqual([]);
});

/** A doc comment, and the first line of the function below it. */
const documented =
  /\/\*\*\s*(?:\*\s*)?((?:(?!\*\/)[\s\S])*?)\*\/\s*\n\s*((?:export )?(?:async )?function[^\n]*|(?:export )?const \w+ = (?:async )?(?:\([^\n]*=>|<)[^\n]*)/g;

it('the doc comment of a function begins with its verb', () => {
  const found = files.flatMap((file) =>
    [...textOf(file).matchAll(documented)].map(([, comment = '', line]) => ({ file, comment, line })),
  );
  expect(found.length).toBeGreaterThan(300);
  const wrong = found.filter(({ comment }) => !/^(?!This|Its)[A-Z][a-z-]*s\b/.test(comment));
  expect(wrong).toEqual([]);
});
