/** One page of a long list. */
export type Page<T> = { rows: T[]; page: number; pages: number; total: number };

/** Returns the page nearest to the one asked for, because a list may have shrunk since. Pages are counted from 1. */
export function nearestPage(asked: number, total: number, size: number): { page: number; pages: number } {
  const pages = Math.max(1, Math.ceil(total / size));
  return { page: Math.min(Math.max(1, asked), pages), pages };
}

/** How many rows of a list without end are counted: what a page costs does not grow with the list. */
export const maxCounted = 2000;

/** Writes how many there are: at least so many, where the `total` that they are of was not counted to its end. */
export const atLeast = (count: number, total = count): string =>
  total < maxCounted ? `${count}` : `at least ${count}`;

/** Splits a list into parts of a size: what is done with each is bounded. */
export const inParts = <T>(all: T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size));
