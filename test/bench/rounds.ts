/**
 * Rounds: each measures everything once, one after the other, so that whatever else the machine does meanwhile falls on
 * the bot and on its baseline alike. Every other round goes the other way round. The first is a warm-up and is thrown away.
 */
import { median, spread } from './statistics.ts';

/** What one round measured of one thing: named numbers, such as `p99`. */
export type Measured = Record<string, number>;

/** A measure over all rounds. */
export type Figure = { median: number; spread: number };

export type Subjects = Record<string, (round: number) => Promise<Measured>>;

/** Measures the subjects round by round. Returns the rounds of each, in order. */
export async function rounds<S extends Subjects>(
  subjects: S,
  { count, warmUp = 1 }: { count: number; warmUp?: number },
): Promise<Record<keyof S, Measured[]>> {
  const entries = Object.entries(subjects);
  const measured: Record<string, Measured[]> = Object.fromEntries(entries.map(([name]) => [name, []]));
  for (let round = -warmUp; round < count; round += 1) {
    const order = round % 2 === 0 ? entries : entries.toReversed();
    for (const [name, measure] of order) {
      const values = await measure(round);
      if (round >= 0) measured[name]?.push(values);
    }
  }
  return measured as Record<keyof S, Measured[]>;
}

export function figure(measured: Measured[], name: string): Figure {
  const values = measured.map((values) => values[name] ?? Number.NaN);
  return { median: median(values), spread: spread(values) };
}

/** The median of the ratios within each round, which are of the same minute; and their spread. */
export function ratio(measured: Measured[], base: Measured[], name: string): Figure {
  const values = measured.map((values, round) => (values[name] ?? Number.NaN) / (base[round]?.[name] ?? Number.NaN));
  return { median: median(values), spread: spread(values) };
}
