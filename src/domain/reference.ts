/** References: how buttons, forms and options in Slack name a registration, an application or a service. */

/** What a button names, by its public id, and the version that the user saw. */
export type Reference = { publicId: string; seen: number };

/**
 * What a button names that was made before there were public ids. Another database may have the same number for something
 * else, so it counts only where the row says that the button's message is its own.
 */
export type NumberedReference = { id: number; seen: number };

/** Where a message is in Slack. */
export type MessageLocation = { channel: string; ts: string };

/** Tells whether a reference is by public id. */
export const isPublic = (reference: Reference | NumberedReference): reference is Reference => 'publicId' in reference;
