/** Bulk in stages: what a change brings by the hundred goes into the outbox some at a time, where there is room for it. */
import { sql } from 'drizzle-orm';
import type { Effect } from '../../domain/effects.ts';
import { inParts } from '../../domain/pagination.ts';
import type { Drizzle } from '../client.ts';
import { outbox } from '../schema/outbox.ts';
import type { DeliveryResult } from './types.ts';
import { priorities } from './urgency.ts';

/** How many bulk jobs go in at once, and with how many lanes of them waiting the next stage waits. */
const stageSize = 50;
const maxWaiting = 200;

/** Splits effects into stages, each a job of its own, where they are many. */
export function inStages(effects: Effect[]): Effect[] {
  if (effects.length <= stageSize) return effects;
  return inParts(effects, stageSize).map((some) => ({ kind: 'staged', effects: some }));
}

/** Delivers a stage: its effects go in where there is room for them. */
export async function deliverStage(db: { tables: Drizzle }, effects: Effect[]): Promise<DeliveryResult> {
  if (await isBusyWithBulk(db, maxWaiting)) return { status: 'postponed', seconds: 1 };
  return { status: 'delivered', effects };
}

/**
 * Tells whether so many lanes of bulk wait. What has failed is not counted: a channel that cannot be posted to must not hold back
 * what goes elsewhere.
 */
export async function isBusyWithBulk({ tables }: { tables: Drizzle }, lanes: number): Promise<boolean> {
  const waiting = await tables.execute(sql`
    select from ${outbox} where queue = 'outbox' and priority = ${priorities.bulk}::smallint and front and dead_at is null
      and retries = 0
    limit ${lanes}`);
  return waiting.length === lanes;
}
