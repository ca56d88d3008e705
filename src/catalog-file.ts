/** Reads the catalog file: YAML to services and gateways, all checked. A mistake names file, line and field. */
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { DeclaredGateway, GatewaySettings } from './access/gateway.ts';
import { type GatewayTokens, joinTokens } from './access/settings.ts';
import { gatewayKinds, gatewayName, gatewayNameRule, groupRule, isGroup } from './domain/access.ts';
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

/** Text that PostgreSQL can store, without controls that act on a terminal or change the direction of text. */
const text = z
  .string()
  .trim()
  .refine((text) => text === toStorable(text), 'text without NUL and broken characters')
  .transform(stripControls);

const service = z
  .strictObject({
    slug: z.string().regex(slugPattern, slugRule),
    name: text.transform(stripInvisible).pipe(
      z
        .string()
        .min(1, 'a name')
        .max(serviceLimits.name, `a name of at most ${serviceLimits.name} characters`)
        .refine(
          (name) => !findMixedScript(name),
          'a name whose words are each of one alphabet: Latin, Cyrillic or Greek',
        ),
    ),
    description: text
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
    // `remove` says of a service that goes out of use what leaving access out does: it is taken away.
    access: z.preprocess(
      (value) => (value === 'remove' ? undefined : value),
      z
        .strictObject({
          gateway: z.string('the name of a gateway'),
          group: z.string(groupRule).refine(isGroup, groupRule),
          credential: z.enum(['key', 'none'], 'key or none').default('none'),
        })
        .optional(),
    ),
  })
  .transform(
    ({ slug, name, description, docs, registration, approval, channel, approvers, access }): CatalogService => ({
      slug,
      name,
      description,
      docs: docs ?? null,
      registrationEnabled: registration === 'enabled',
      autoApprove: approval === 'auto',
      channel: channel ?? null,
      approvers,
      access: access ?? null,
    }),
  );

/** Tells whether a host is this machine: nothing sent there can be read on a network. */
const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);

const gateway = z
  .strictObject({
    name: z.string().regex(gatewayName, gatewayNameRule),
    kind: z.enum(gatewayKinds, 'kong, konnect or webhook'),
    url: z.string().refine((text) => isAddress(URL.parse(text)), 'a URL without user, query and fragment'),
    // The host that may be spoken to without encryption: what is sent there, a token or a key, can be read on the way.
    allowHttp: z.string().optional(),
    proxy: z
      .string()
      .refine(
        (text) => isAddress(URL.parse(text)),
        'the address that calls go through, such as https://api.example.com',
      )
      .optional(),
    header: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,60}$/, 'the name of a header, such as apikey')
      .default('apikey'),
  })
  .superRefine(({ url, allowHttp }, context) => {
    const { protocol, hostname } = URL.parse(url) ?? {};
    if (protocol !== 'http:' || isLoopback(hostname ?? '') || allowHttp === hostname) return;
    context.addIssue({
      code: 'custom',
      path: ['url'],
      message: `an address that begins with https://, or allowHttp: ${hostname} where its network may read tokens and keys`,
    });
  })
  .transform(({ name, kind, url, proxy, header }): DeclaredGateway => ({ name, kind, url, proxy, header }));

const isAddress = (url: URL | null): boolean =>
  url !== null && /^https?:$/.test(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === '';

const catalog = z
  .strictObject({ services: z.array(service), gateways: z.array(gateway).default([]) })
  .superRefine(({ services, gateways }, context) => {
    const mistake = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
    for (const [index, slug] of repeated(services.map((one) => one.slug)))
      mistake(['services', index, 'slug'], `a slug of its own: ${slug} is taken above`);
    for (const [index, name] of repeated(gateways.map((one) => one.name)))
      mistake(['gateways', index, 'name'], `a name of its own: ${name} is taken above`);
    const kinds = new Map(gateways.map((one) => [one.name, one.kind]));
    for (const [index, { access }] of services.entries()) {
      if (!access) continue;
      const kind = kinds.get(access.gateway);
      const names = [...kinds.keys()].join(', ') || 'none yet';
      if (!kind) mistake(['services', index, 'access', 'gateway'], `a name of those in gateways: ${names}`);
      if (kind === 'webhook' && access.credential === 'key')
        mistake(['services', index, 'access', 'credential'], 'none: keys are made at kong and konnect gateways only');
    }
  });

/** Finds the values that have come before, with their index. */
function repeated(values: string[]): [number, string][] {
  const seen = new Set<string>();
  return [...values.entries()].filter(([, value]) => seen.size === seen.add(value).size);
}

/** What the file says. */
export type ParsedCatalog =
  | { ok: true; services: CatalogService[]; gateways: DeclaredGateway[] }
  | { ok: false; mistakes: string[] };

/** What the file says, with the tokens of its gateways. */
export type ReadCatalog =
  | { ok: true; services: CatalogService[]; gateways: GatewaySettings[] }
  | { ok: false; mistakes: string[] };

/** The text of a catalog file, and the hash of it and of what its meaning depends on: a file of the same hash reads the same. */
export type CatalogText = { path: string; text: string; hash: string };

/** Reads the text of the catalog file, without a look at what it says. Without a file there is none. */
export async function openCatalog(
  path: string | undefined,
): Promise<{ ok: true; file: CatalogText | undefined } | { ok: false; mistakes: string[] }> {
  if (path === undefined) return { ok: true, file: undefined };
  try {
    const [bytes, ...rules] = await Promise.all([path, ...rulesIn].map((one) => readFile(one)));
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // UTF-16 without a mark at its beginning is valid UTF-8, with every other character NUL.
    if (text.includes('\0')) return { ok: false, mistakes: [notUtf8(path)] };
    const hash = createHash('sha256');
    for (const part of [text, ...rules]) hash.update(part);
    return { ok: true, file: { path, text, hash: hash.digest('hex') } };
  } catch (error) {
    if (error instanceof TypeError) return { ok: false, mistakes: [notUtf8(path)] };
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    return { ok: false, mistakes: [`${path}: the file cannot be read${code}; CATALOG_FILE names it`] };
  }
}

const notUtf8 = (path: string) => `${path}: the file is not UTF-8; save it as UTF-8`;

/** What says how a file is read: a new version may read it differently. */
const rulesIn = [
  '../package.json',
  './catalog-file.ts',
  './domain/service.ts',
  './domain/access.ts',
  './domain/names.ts',
].map((name) => new URL(name, import.meta.url));

/** A file of more characters takes long to check: it is checked in a process of its own, and only where the database does not know it. */
export const quickLength = 500_000;

/**
 * Checks the text of a catalog file and the tokens of the gateways that it names. Each mistake is a line:
 * `catalog.yaml:12: services[3].slug: expected …`, or `GATEWAY_EDGE_TOKEN: …`. Without a file there is neither.
 */
export function checkCatalog(file: CatalogText | undefined, tokens: GatewayTokens): ReadCatalog {
  const parsed = parseOpened(file);
  // Where the file is wrong, its gateways are not known.
  return parsed.ok ? withTokens(parsed, tokens) : parsed;
}

const checker = fileURLToPath(new URL('./catalog-check.ts', import.meta.url));

/**
 * Does the same in a process of its own, so that whatever else this one does goes on: 100,000 services take six seconds, half of
 * them in the YAML library with any of its options, and more memory than this process may have. Rejects when the signal is aborted.
 */
export async function checkCatalogApart(
  file: CatalogText | undefined,
  tokens: GatewayTokens,
  signal: AbortSignal,
): Promise<ReadCatalog> {
  // Without the secrets of this process, and without its limits.
  const child = fork(checker, { env: {}, execArgv: [], serialization: 'advanced' });
  try {
    child.send({ file });
    const parsed = await Promise.race([answerOf(child, signal), endOf(child)]);
    return parsed.ok ? withTokens(parsed, tokens) : parsed;
  } finally {
    child.kill('SIGKILL');
  }
}

async function answerOf(child: ChildProcess, signal: AbortSignal): Promise<ParsedCatalog> {
  const [parsed] = (await once(child, 'message', { signal })) as [ParsedCatalog];
  return parsed;
}

/** Waits until the process that checks a file ends, which it only does by itself where it fails. */
async function endOf(child: ChildProcess): Promise<ParsedCatalog> {
  const [code, signal] = await once(child, 'exit');
  const mistake = `CATALOG_FILE: what checks it ended with ${signal ?? code}. See that 1 GB of memory is free for it.`;
  return { ok: false, mistakes: [mistake] };
}

/** Joins what a file says with the tokens of its gateways. */
export function withTokens(
  catalog: { services: CatalogService[]; gateways: DeclaredGateway[] },
  tokens: GatewayTokens,
): ReadCatalog {
  const { gateways, mistakes } = joinTokens(catalog.gateways, tokens);
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, services: catalog.services, gateways };
}

/** Reads and checks the catalog file and the tokens of the gateways that it names. */
export async function readCatalog(path: string | undefined, tokens: GatewayTokens = new Map()): Promise<ReadCatalog> {
  const opened = await openCatalog(path);
  return opened.ok ? checkCatalog(opened.file, tokens) : opened;
}

/** Reads and checks the catalog file alone, without the tokens of its gateways. */
export async function parseCatalogFile(path: string): Promise<ParsedCatalog> {
  const opened = await openCatalog(path);
  return opened.ok ? parseOpened(opened.file) : opened;
}

/** Checks the text of a catalog file alone. Without a file it has nothing. */
export const parseOpened = (file: CatalogText | undefined): ParsedCatalog =>
  file ? parseCatalog(file.path, file.text) : { ok: true, services: [], gateways: [] };

/** What a file declares, as it is kept. Its addresses were checked when it was read. */
const declared = z
  .object({
    name: z.string(),
    kind: z.enum(gatewayKinds),
    url: z.string(),
    proxy: z.string().optional(),
    header: z.string(),
  })
  .transform(({ name, kind, url, proxy, header }): DeclaredGateway => ({ name, kind, url, proxy, header }));

/** Reads the gateways that a file has declared at an earlier start; undefined where they are not kept as this version does. */
export const readDeclared = (value: unknown): DeclaredGateway[] | undefined => z.array(declared).safeParse(value).data;

/** Checks the text of a catalog file; `path` is for the messages. */
export function parseCatalog(path: string, text: string): ParsedCatalog {
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
    // An alias without an anchor, or so many aliases that they would fill the memory.
    return { ok: false, mistakes: [`${path}: not valid YAML: ${error instanceof Error ? error.message : error}`] };
  }
  const parsed = catalog.safeParse(content);
  if (parsed.success) return { ok: true, ...parsed.data };
  return {
    ok: false,
    mistakes: parsed.error.issues.map((issue) => {
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
      const field = [...issue.path, ...(unknown === undefined ? [] : [unknown])];
      const what = unknown === undefined ? wrong(issue) : `no such field${suggestion(unknown, issue.path)}`;
      return `${path}:${lineOf(field)}: ${fieldName(field)}: ${what}`;
    }),
  };

  /** Says what is wrong with a field: that it is missing, or what is expected there. */
  function wrong(issue: z.core.$ZodIssue): string {
    const missing = issue.path.length > 0 && !document.hasIn(issue.path);
    return missing ? `is missing: expected ${expected(issue)}` : `expected ${expected(issue)}`;
  }

  /** Finds the line of a field, or of the nearest node around it that exists. */
  function lineOf(field: PropertyKey[]): number {
    for (let depth = field.length; depth > 0; depth--) {
      const node = document.getIn(field.slice(0, depth), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  }
}

/** Strips the beginning of zod's own messages, such as `Invalid input: expected string, received undefined`. */
const expected = (issue: z.core.$ZodIssue): string => issue.message.replace(/^Invalid input: expected /, '');

/** The fields that are known at a place in the file, by the list that it is in. */
const knownFields: Record<string, readonly string[]> = {
  services: Object.keys(service.in.shape),
  gateways: Object.keys(gateway.in.shape),
  access: ['gateway', 'group', 'credential'],
  '': ['services', 'gateways'],
};

/** How many letters may be wrong in a field that is meant to be another. */
const maxTypos = 2;

/** Suggests the field that an unknown one was meant to be; empty where none is near. */
function suggestion(unknown: string, path: PropertyKey[]): string {
  const place = path.findLast((part) => typeof part === 'string') ?? '';
  const near = (knownFields[String(place)] ?? [])
    .map((name) => ({ name, typos: editDistance(unknown.toLowerCase(), name.toLowerCase()) }))
    .toSorted((one, other) => one.typos - other.typos)
    .find(({ typos }) => typos <= maxTypos);
  return near ? `; did you mean ${near.name}?` : '';
}

/** Counts the letters to insert, remove or replace between two words (Levenshtein's distance). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries())
      next.push(
        Math.min((row[column] ?? 0) + (letter === other ? 0 : 1), (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}

const fieldName = (field: PropertyKey[]): string =>
  field
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('') || 'the file';
