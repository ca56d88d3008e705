/** Compares access at each gateway with what registrations say, and has what differs looked at again. */
import { GatewayError } from '../../../access/failure.ts';
import type { Gateway } from '../../../access/gateway.ts';
import { compareMissing, comparePage, lookAtForgotten } from '../../../db/access/compare.ts';
import type { Deps } from '../../../deps.ts';

/** How many forgotten looks are enqueued at a time. */
const maxForgotten = 500;

/** Returns the function that reconciles all gateways. One that fails holds up no other. */
export function reconcileAccess({ db, gateways, metrics, now, log }: Deps): () => Promise<void> {
  async function reconcileOne({ name, consumers }: Gateway, forgotten: number): Promise<void> {
    const found = { forgotten, differing: 0, unknown: 0, lostKeys: 0 };
    if (!consumers) return metrics.accessReconciled(name, found);
    const seen = new Set<number>();
    const unknown: string[] = [];
    const add = (some: { differing: number; unknown: string[]; lostKeys: number }) => {
      found.differing += some.differing;
      found.lostKeys += some.lostKeys;
      found.unknown += some.unknown.length;
      unknown.push(...some.unknown);
    };
    for await (const page of consumers()) add(await comparePage(db, name, page, seen, now()));
    add(await compareMissing(db, name, seen, now()));
    metrics.accessReconciled(name, found);
    if (found.unknown > 0)
      log.warn({ gateway: name, consumers: unknown.slice(0, 20) }, 'consumers under our tag belong to no application');
    if (found.differing + found.lostKeys > 0)
      log.info({ gateway: name, ...found }, 'access differs from registrations, looks enqueued');
    else log.debug({ gateway: name, ...found }, 'access matches registrations');
  }

  return async () => {
    const forgotten = await lookAtForgotten(db, maxForgotten, now());
    if (forgotten.size > 0)
      log.info({ forgotten: Object.fromEntries(forgotten) }, 'access was not looked at, looks enqueued');
    await Promise.all(
      [...gateways.values()].map((gateway) =>
        reconcileOne(gateway, forgotten.get(gateway.name) ?? 0).catch((error) => {
          if (!(error instanceof GatewayError)) throw error;
          log.warn(
            { err: error, gateway: gateway.name },
            'gateway could not be reconciled, will retry at the next run',
          );
        }),
      ),
    );
  };
}
