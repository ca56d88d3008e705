/** The subject of an event: what it happened to. A baseline and an erasure are about many. */
export type Subject = {
  record: 'registration' | 'application' | 'service' | 'access' | 'baseline' | 'erasure';
  id: number;
};
