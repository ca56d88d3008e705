/** The subject of an event. */
/** What an event is about. */
export type Subject = { record: 'registration' | 'application' | 'service'; id: number };
