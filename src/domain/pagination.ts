/** A long list, a page at a time. */
export type Page<T> = { rows: T[]; page: number; pages: number; total: number };

/** The page nearest to the one that was asked for: a list may have shrunk since. Pages are counted from 1. */
export function nearestPage(asked: number, total: number, size: number): { page: number; pages: number } {
  const pages = Math.max(1, Math.ceil(total / size));
  return { page: Math.min(Math.max(1, asked), pages), pages };
}
