/** The gateway next to Slack: which applications it lets through to what, and a form that calls an API with a key. */
import { type Html, html } from './html.ts';
import type { Reader } from './reader.ts';
import { clock } from './text/dates.ts';

export type GatewayConsumer = { name: string; groups: string[]; keys: string[] };

/** A call that was tried; `key` is its last four characters, empty where none was sent. `at` is in milliseconds. */
export type GatewayCall = { path: string; key: string; status: number; message: string; at: number };

/** Where it comes from: the program that serves the page has a gateway, or has not. */
export type Gateway = {
  /** Paths of the APIs behind it. */
  paths(): string[];
  consumers(): GatewayConsumer[];
  /** The latest calls, newest first. */
  calls(): GatewayCall[];
  call(path: string, key: string): Promise<void>;
  onChange(listener: () => void): void;
};

export function gatewayPlace(reader: Reader, gateway: Gateway): Html {
  const consumers = gateway.consumers();
  const calls = gateway.calls();
  return html`<div class="scroller" data-key="scroller"><div class="gateway">
    <form class="gateway-try" data-try data-key="try">
      <h3>Try it</h3>
      <label>API <select name="path">${gateway.paths().map((path) => html`<option>${path}</option>`)}</select></label>
      <label>Key <input name="key" autocomplete="off" placeholder="rg_…" data-key="key" data-value=""></label>
      <button type="submit" class="button button-primary">Call</button>
    </form>
    <ol class="gateway-calls" data-key="calls" aria-live="polite">${calls.map(
      ({ path, key, status, message, at }, index) =>
        html`<li class="gateway-call" data-key="call:${calls.length - index}"><strong class="gateway-${status === 200 ? 'ok' : 'no'}">${status}</strong>
          GET ${path} ${key ? html`with a key that ends in ${key}` : html`without a key`}: ${message} <time>${clock(String(at / 1000))}</time></li>`,
    )}</ol>
    <h3>Consumers</h3>
    ${consumers.length === 0 && html`<p class="empty">No application is let through yet. ${reader.viewer.realName} can ask with /register.</p>`}
    <ul class="gateway-consumers" data-key="consumers">${consumers.map(
      ({ name, groups, keys }) =>
        html`<li data-key="${name}"><code>${name}</code>
          <span>${groups.length > 0 ? html`Groups: ${groups.join(', ')}` : html`No groups`} · ${keys.length > 0 ? html`Keys: ${keys.map((key) => `…${key}`).join(', ')}` : html`No keys`}</span></li>`,
    )}</ul>
  </div></div>`;
}
