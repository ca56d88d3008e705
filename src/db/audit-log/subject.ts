/** The subject of an event: what it happened to. */
export type Subject = { record: 'registration' | 'application' | 'service' | 'access'; id: number };
