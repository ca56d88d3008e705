/** A question of the bench: it brings the numbers of the bot and of its baseline, of the same rounds. */
import type { Place } from './place.ts';
import type { Figure, Measured } from './rounds.ts';

export type Bench = {
  place: Place;
  /** How many rounds, after the warm-up. */
  rounds: number;
  /** A short run that shows that all of it works; its numbers say little. */
  quick: boolean;
};

/** One line of the table. */
export type Answer = {
  question: string;
  bot: string;
  baseline: string;
  /** Of the bot to its baseline. */
  ratio: Figure;
  mustBe: { atLeast: number } | { atMost: number };
  /** What is to be known with it. */
  note?: string;
};

export type Question = (bench: Bench) => Promise<Answer[]>;

/** The rounds of one subject; a name that was not measured is a mistake in the question. */
export function roundsOf(all: Record<string, Measured[]>, name: string): Measured[] {
  const found = all[name];
  if (!found) throw new Error(`nothing was measured of ${name}`);
  return found;
}
