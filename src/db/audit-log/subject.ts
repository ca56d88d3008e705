/** The subject of an event: what it happened to. A baseline is about many. */
export type Subject = { record: 'registration' | 'application' | 'service' | 'access' | 'baseline'; id: number };
