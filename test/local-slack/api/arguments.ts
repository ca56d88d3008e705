/** Reads the arguments of a Web API call, in whichever of Slack's three ways they came. */
import type { IncomingMessage } from 'node:http';
import { parseJson } from '../delivery/socket-mode.ts';
import { refuse } from '../refusal.ts';

export type Args = Record<string, unknown>;

/** Arguments that travel as JSON inside a form. */
const STRUCTURED = new Set(['blocks', 'view', 'message', 'metadata', 'attachments']);

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function read(request: IncomingMessage): Promise<Args> {
  const body = await bodyOf(request);
  const type = request.headers['content-type'] ?? '';
  const query = new URL(request.url ?? '/', 'http://workspace').searchParams;
  const args: Args = Object.fromEntries(query);
  if (type.startsWith('application/json')) Object.assign(args, parseJson(body.toString()));
  else if (type.startsWith('multipart/form-data')) {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
    for (const [key, value] of form) args[key] = value;
  } else Object.assign(args, Object.fromEntries(new URLSearchParams(body.toString())));
  for (const [key, value] of Object.entries(args)) {
    if (STRUCTURED.has(key) && typeof value === 'string') args[key] = parseJson(value) ?? value;
  }
  return args;
}

export function required(args: Args, name: string): string {
  const value = args[name];
  if (typeof value === 'string' && value !== '') return value;
  const message = `[ERROR] missing required field: ${name} [json-pointer:/]`;
  return refuse('invalid_arguments', { response_metadata: { messages: [message] } });
}

export const optional = (args: Args, name: string): string | undefined =>
  args[name] === undefined || args[name] === '' ? undefined : String(args[name]);

export const flag = (args: Args, name: string): boolean => ['true', '1'].includes(String(args[name]));

/** Cuts a page out of a list; Slack's cursors are opaque, so ours are too. */
export function page<T>(args: Args, all: readonly T[], most: number, usual: number): { items: T[]; next: string } {
  const limit = Math.min(Number(optional(args, 'limit') ?? usual) || usual, most);
  const cursor = optional(args, 'cursor');
  const from = cursor === undefined ? 0 : Number(Buffer.from(cursor, 'base64').toString().replace('next:', ''));
  if (!Number.isInteger(from) || from < 0) refuse('invalid_cursor');
  const more = from + limit < all.length;
  const next = more ? Buffer.from(`next:${from + limit}`).toString('base64') : '';
  return { items: all.slice(from, from + limit), next };
}
