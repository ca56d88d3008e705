/** The gateways that the catalog file names, ready to be used. */
import type { Gateway, GatewaySettings } from './gateway.ts';
import type { Fetch } from './http.ts';
import { createKong } from './kong.ts';
import { createWebhook } from './webhook.ts';

export type Gateways = ReadonlyMap<string, Gateway>;

/** Opens a client for each gateway; nothing is asked of it yet. `timeout` in milliseconds is of each request. */
export function createGateways(
  all: readonly GatewaySettings[],
  { fetch, now, timeout }: { fetch: Fetch; now: () => Date; timeout?: number },
): Gateways {
  const open = (one: GatewaySettings): Gateway =>
    one.kind === 'webhook' ? createWebhook(one, fetch, now, timeout) : createKong(one, fetch, timeout);
  return new Map(all.map((one) => [one.name, open(one)]));
}
