/** The catalog file: YAML to services, checked whole. A mistake names file, line and field. */
import { readFile } from 'node:fs/promises';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { findMixedScript, stripInvisible } from './domain/names.ts';
import {
  approverId,
  type CatalogService,
  channelId,
  isWebLink,
  serviceLimits,
  slugPattern,
  slugRule,
} from './domain/service.ts';
import { stripControls, toStorable } from './domain/text.ts';

/** What the database can keep; without what acts on a terminal or turns the text around it. */
const words = z
  .string()
  .trim()
  .refine((text) => text === toStorable(text), 'text without NUL and broken characters')
  .transform(stripControls);

const service = z
  .strictObject({
    slug: z.string().regex(slugPattern, slugRule),
    name: words.transform(stripInvisible).pipe(
      z
        .string()
        .min(1, 'a name')
        .max(serviceLimits.name, `a name of at most ${serviceLimits.name} characters`)
        .refine(
          (name) => !findMixedScript(name),
          'a name whose words are each of one alphabet: Latin, Cyrillic or Greek',
        ),
    ),
    description: words
      .pipe(
        z.string().max(serviceLimits.description, `a description of at most ${serviceLimits.description} characters`),
      )
      .default(''),
    docs: z
      .string()
      .refine(isWebLink, 'a link that begins with https:// or http://')
      .max(serviceLimits.docs, `a link of at most ${serviceLimits.docs} characters`)
      .optional(),
    registration: z.enum(['enabled', 'disabled'], 'enabled or disabled').default('enabled'),
    approval: z.enum(['manual', 'auto'], 'manual or auto').default('manual'),
    channel: z.string().regex(channelId, 'the ID of a channel, such as C0123456789').optional(),
    approvers: z
      .array(z.string().regex(approverId, 'a user ID (U… or W…) or a user group ID (S…)'))
      .max(serviceLimits.approvers, `at most ${serviceLimits.approvers} approvers: name a user group instead`)
      .default([]),
  })
  .transform(
    ({ slug, name, description, docs, registration, approval, channel, approvers }): CatalogService => ({
      slug,
      name,
      description,
      docs: docs ?? null,
      registrationEnabled: registration === 'enabled',
      autoApprove: approval === 'auto',
      channel: channel ?? null,
      approvers,
    }),
  );

const catalog = z.strictObject({ services: z.array(service) }).superRefine(({ services }, context) => {
  const first = new Map<string, number>();
  for (const [index, { slug }] of services.entries()) {
    const before = first.get(slug);
    if (before === undefined) first.set(slug, index);
    else
      context.addIssue({
        code: 'custom',
        path: ['services', index, 'slug'],
        message: `a slug of its own: ${slug} is taken above`,
      });
  }
});

export type CatalogFile = { ok: true; services: CatalogService[] } | { ok: false; mistakes: string[] };

/** Reads and checks the catalog file. Each mistake is a line: `catalog.yaml:12: services[3].slug: expected …`. */
export async function readCatalog(path: string): Promise<CatalogFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    return { ok: false, mistakes: [`${path}: the file cannot be read${code}; CATALOG_FILE names it`] };
  }
  return parseCatalog(path, text);
}

/** Checks the text of a catalog file; `path` is for the messages. */
export function parseCatalog(path: string, text: string): CatalogFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken) {
    const [what] = broken.message.split(/ at line /);
    return { ok: false, mistakes: [`${path}:${lines.linePos(broken.pos[0]).line}: not valid YAML: ${what}`] };
  }
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    // An alias without an anchor, or so many of them that they would fill the memory.
    return { ok: false, mistakes: [`${path}: not valid YAML: ${error instanceof Error ? error.message : error}`] };
  }
  const parsed = catalog.safeParse(content);
  if (parsed.success) return { ok: true, services: parsed.data.services };
  return {
    ok: false,
    mistakes: parsed.error.issues.map((issue) => {
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
      const field = [...issue.path, ...(unknown === undefined ? [] : [unknown])];
      const what = unknown === undefined ? `expected ${expected(issue)}` : 'no such field';
      return `${path}:${lineOf(field)}: ${fieldName(field)}: ${what}`;
    }),
  };

  /** The line of a field, or of the nearest thing around it that is there. */
  function lineOf(field: PropertyKey[]): number {
    for (let depth = field.length; depth > 0; depth--) {
      const node = document.getIn(field.slice(0, depth), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  }
}

/** zod's own words for a wrong type read `Invalid input: expected string, received undefined`. */
const expected = (issue: z.core.$ZodIssue): string => issue.message.replace(/^Invalid input: expected /, '');

const fieldName = (field: PropertyKey[]): string =>
  field
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('') || 'the file';
