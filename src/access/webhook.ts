/**
 * The webhook provisioner, for every gateway that has a program to set it: a signed POST after Standard Webhooks
 * (standardwebhooks.com). It cannot be asked what is there, so it receives what changes from what it has confirmed.
 */
import { Webhook } from 'standardwebhooks';
import { planAccess } from '../domain/access.ts';
import { GatewayError } from './failure.ts';
import type { Applied, Gateway, GatewaySettings, Order } from './gateway.ts';
import { type Fetch, send } from './http.ts';

/** Of 4xx, those that say "later" and not "no". */
const temporary = [408, 425];

export function createWebhook(
  { name, kind, url, token, proxy, header }: GatewaySettings,
  fetch: Fetch,
  now: () => Date,
  timeout?: number,
): Gateway {
  if (!token) throw new Error(`the webhook ${name} has no secret`);
  const signer = new Webhook(token);

  /** Posts one event. Resolves with whether it is done, or only noted (202). */
  async function post(type: string, id: string, data: object): Promise<'done' | 'pending'> {
    const at = now();
    const body = JSON.stringify({ type, timestamp: at.toISOString(), data });
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signer.sign(id, at, body),
    };
    const answer = await send(
      fetch,
      { gateway: name, url, what: type, ...(timeout ? { timeout } : {}) },
      { method: 'POST', headers, body },
    );
    const { status, retryAfter } = answer;
    if (status === 202) return 'pending';
    if (status >= 200 && status < 300) return 'done';
    if (status >= 500 || temporary.includes(status))
      throw new GatewayError(name, 'server-error', `${type}: HTTP ${status}`, retryAfter);
    const failure = status === 401 || status === 403 ? 'unauthorized' : 'invalid';
    throw new GatewayError(name, failure, `${type}: HTTP ${status}, which is a no for good`);
  }

  async function apply({ application, wanted, confirmed, backing }: Order, signal?: AbortSignal): Promise<Applied> {
    const open = new Set(confirmed);
    const pending: string[] = [];
    let failure: GatewayError | undefined;
    const groups = confirmed.map((group) => ({ group, ours: true }));
    const nothing = { groups: [], governed: [] };
    for (const step of planAccess(wanted ?? nothing, { consumer: 'complete', groups })) {
      if (!('group' in step)) continue;
      const { group } = step;
      const behind = backing.get(group);
      if (!behind) throw new Error(`nothing is known of the group ${group} at ${name}`);
      const { change, service, registration } = behind;
      const type = step.kind === 'remove' ? 'access.revoke' : 'access.grant';
      signal?.throwIfAborted();
      try {
        const result = await post(type, change, { application, service, group, registration });
        if (result === 'pending') pending.push(group);
        else if (step.kind === 'remove') open.delete(group);
        else open.add(group);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        failure ??= error;
      }
    }
    return { open: [...open], pending, failure };
  }

  return {
    name,
    kind,
    proxy,
    header,
    apply,
    keys: undefined,
    consumers: undefined,
    /** Posts an event that changes nothing. A receiver that does not know it, and answers 4xx, is reachable. */
    async inspect() {
      const report = { version: null, dbless: null, allowed: null };
      try {
        await post('access.ping', `ping_${now().getTime()}`, {});
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        if (error.failure !== 'invalid') return { ...report, writes: error };
      }
      return { ...report, writes: true };
    },
  };
}
