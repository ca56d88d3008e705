/** Makes access at a gateway what the registrations say now, and writes down what the gateway has confirmed. */
import { GatewayError } from '../../../access/failure.ts';
import type { Gateway } from '../../../access/gateway.ts';
import { type AccessOrder, type KeyToRemove, look, record } from '../../../db/access/orders.ts';
import { requestForService } from '../../../db/access/request.ts';
import type { Attempt, DeliveryResult } from '../../../db/outbox/types.ts';
import type { Deps } from '../../../deps.ts';
import { type GatewayFailure, needsOperator } from '../../../domain/access.ts';
import { type Effect, gatewayQueue } from '../../../domain/effects.ts';

type Access = Extract<Effect, { kind: 'access' }>;
type AccessService = Extract<Effect, { kind: 'access-service' }>;

/** How long a gateway that has only noted an order is left to carry it out, in seconds. */
const pendingFor = 15;

export function deliverAccess({ gateways, now }: Deps) {
  return {
    async apply({ application, gateway: name }: Access, attempt: Attempt): Promise<DeliveryResult> {
      const place = { application, gateway: name };
      const order = await attempt.write((fenced) => look(fenced, place, now()));
      if (!order) return { status: 'delivered' };
      const { open, keysGone, error } = await carryOut(gateways.get(name), name, order, attempt.signal);
      const result = { open, keysGone, failure: error?.failure, at: now() };
      // What a worker that has lost its lease saw may be older than what the next one writes.
      const unsettled = await attempt.write((fenced) => record(fenced, place, result));
      if (error) return failed(name, error);
      return unsettled.length > 0 ? { status: 'postponed', seconds: pendingFor } : { status: 'delivered' };
    },

    async applyForService(effect: AccessService, attempt: Attempt): Promise<DeliveryResult> {
      const next = await attempt.write((fenced) => requestForService(fenced, effect));
      if (next === undefined) return { status: 'delivered' };
      return { status: 'postponed', seconds: 0, effect: { ...effect, after: next } };
    },
  };
}

type CarriedOut = { open: string[] | undefined; keysGone: KeyToRemove[]; error: GatewayError | undefined };

async function carryOut(
  gateway: Gateway | undefined,
  name: string,
  order: AccessOrder,
  signal: AbortSignal,
): Promise<CarriedOut> {
  if (!gateway) {
    const error = new GatewayError(name, 'unknown-gateway', 'the catalog file does not name it');
    return { open: undefined, keysGone: [], error };
  }
  let open: string[] | undefined;
  let error: GatewayError | undefined;
  const keysGone: KeyToRemove[] = [];
  try {
    const applied = await gateway.apply(order, signal);
    open = applied.open;
    error = applied.failure;
    for (const key of gateway.keys ? order.keysToRemove : []) {
      signal.throwIfAborted();
      await gateway.keys?.remove(order.application.id, key.id);
      keysGone.push(key);
    }
  } catch (failure) {
    if (!(failure instanceof GatewayError)) throw failure;
    error ??= failure;
  }
  return { open, keysGone, error };
}

function failed(gateway: string, error: GatewayError): DeliveryResult {
  const { failure, retryAfter } = error;
  if (failure === 'rate-limited') return { status: 'postponed', seconds: Math.min((retryAfter ?? 1_000) / 1000, 300) };
  return {
    status: 'retry',
    destination: gatewayQueue(gateway),
    cause: failure,
    needsHuman: needsOperator(failure),
    error,
    remedy: gatewayRemedies[failure],
  };
}

/** What an operator can do about a gateway's failure. */
const gatewayRemedies: Partial<Record<GatewayFailure, string>> = {
  unauthorized: 'the gateway does not accept its token: set GATEWAY_<NAME>_TOKEN',
  'read-only': 'the gateway takes no writes: a DB-less Kong cannot be used',
  'unknown-gateway': 'the catalog file does not name this gateway: add it again',
  redirected: 'the gateway redirects: name its final address in the catalog file',
};
