/** Troubles: what nobody but a human mends. */

/** Tell a human that nothing arrives at a place, and why; `at` tells this time from the next. */
export type TroubleEffect = { kind: 'trouble'; place: string; why: string; at: string };
