/**
 * A page on which one person plays all the people of the workspace. `servePage` adds it to the workspace's own server:
 * the server draws everything, the browser swaps what has changed (static/client.js).
 */
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { Workspace } from '../workspace.ts';
import { act } from './acts.ts';
import { app, type Look, pageDocument } from './app.ts';
import type { Gateway } from './gateway.ts';
import { Live } from './live.ts';
import type { Mail } from './mail.ts';
import { Notices } from './notices.ts';
import { type Reader, readerOf } from './reader.ts';
import type { Time } from './time.ts';

export type PageOptions = { title?: string; mail?: Mail; gateway?: Gateway; time?: Time };

const STATIC: Record<string, string> = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };

/** Nothing but what this server sends: no inline script, no inline style, no other machine. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

export function servePage(workspace: Workspace, options: PageOptions = {}): void {
  const { mail, gateway, time } = options;
  const notices = new Notices(workspace, mail);
  const live = new Live();
  const look: Look = {
    title: options.title ?? 'Acme',
    ...(mail ? { mail } : {}),
    ...(gateway ? { gateway } : {}),
    ...(time ? { time } : {}),
  };
  mail?.onChange(() => live.tell());
  gateway?.onChange(() => live.tell());
  workspace.onChange(() => live.tell());

  workspace.mount(async (req, res) => {
    const url = new URL(req.url ?? '/', workspace.url);
    res.setHeader('Content-Security-Policy', POLICY);
    res.setHeader('X-Content-Type-Options', 'nosniff');
    if (req.method === 'GET' && url.pathname === '/')
      return show(res, url, (content, title) => pageDocument(content, title));
    if (!url.pathname.startsWith('/page/')) return false;
    const name = url.pathname.slice('/page/'.length);
    if (req.method === 'GET' && name === 'app') return show(res, url, (content) => content.markup);
    if (req.method === 'GET' && name === 'live') return live.join(res);
    if (req.method === 'GET') return asset(res, name);
    if (req.method === 'POST') return act(name, { workspace, notices, live, gateway, time }, req, res);
    return false;
  });

  function show(
    res: ServerResponse,
    url: URL,
    around: (content: ReturnType<typeof app>, title: string) => string,
  ): boolean {
    const reader = readerOf(workspace, { as: url.searchParams.get('as'), in: url.searchParams.get('in') });
    if (!reader) return send(res, 404, 'text/plain', 'This workspace has no members.');
    if (!reader.listing) markAsRead(reader);
    return send(res, 200, 'text/html', around(app(reader, notices, look), look.title));
  }

  function markAsRead({ viewer, place }: Reader): void {
    if (place.kind === 'mail' && notices.unreadMail(viewer) > 0) {
      notices.readMail(viewer);
      live.tell();
    }
    if (place.kind !== 'channel' || notices.unread(viewer.id, place.channel.id) === 0) return;
    notices.see(viewer.id, place.channel.id);
    live.tell();
  }
}

async function asset(res: ServerResponse, name: string): Promise<boolean> {
  const type = /^[a-z]+\.(js|css|svg)$/.exec(name)?.[1];
  if (!type) return false;
  try {
    return send(res, 200, STATIC[type] ?? '', await readFile(new URL(`static/${name}`, import.meta.url), 'utf8'));
  } catch {
    return false;
  }
}

export function send(res: ServerResponse, status: number, type: string, body: string): true {
  res.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(body);
  return true;
}
