/** A bot among few registrations and one among many. Made once, for every question that compares the two. */
import { fillRegistrations } from './fill.ts';
import type { Database } from './place.ts';
import type { Bench } from './question.ts';

export type Years = { few: number; many: number; small: Database; large: Database };

let made: Promise<Years> | undefined;

export function years(bench: Bench): Promise<Years> {
  made ??= fill(bench);
  return made;
}

async function fill({ place, quick }: Bench): Promise<Years> {
  const [few, many] = quick ? [3_000, 20_000] : [10_000, 1_000_000];
  const small = await place.database();
  const large = await place.database();
  await fillRegistrations(small, few);
  await fillRegistrations(large, many);
  return { few, many, small, large };
}
