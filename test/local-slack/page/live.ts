import type { ServerResponse } from 'node:http';

/** Browsers that have told nothing for this long lose the connection in some proxies. */
const HEARTBEAT_MS = 15_000;
/** One action often changes several things: the browser is told once about all of them. */
const TOGETHER_MS = 15;

/** Tells every open page that something has changed (Server-Sent Events). What has, the page asks for itself. */
export class Live {
  readonly #pages = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;

  join(res: ServerResponse): true {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    res.write('retry: 500\n\ndata: hello\n\n');
    const heartbeat = setInterval(() => res.write(':\n\n'), HEARTBEAT_MS).unref();
    this.#pages.add(res);
    res.on('close', () => {
      clearInterval(heartbeat);
      this.#pages.delete(res);
    });
    return true;
  }

  tell(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const page of this.#pages) page.write('data: changed\n\n');
    }, TOGETHER_MS).unref();
  }
}
