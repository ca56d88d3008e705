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

/**
 * Message metadata that is the same for every attempt to post a message, and for no other message. Numbers start over in
 * another database: `public_id` tells what is named apart from what has its number there.
 */
export type MessageMarker = { event_type: string; event_payload: Record<string, number | string> };

/** Returns the marker of a registration's card. */
export const cardMarker = ({ id, publicId }: { id: number; publicId: string }): MessageMarker => ({
  event_type: 'registrar_card',
  event_payload: { registration: id, public_id: publicId },
});

/** Tells whether a reference is by public id. */
export const isPublic = (reference: Reference | NumberedReference): reference is Reference => 'publicId' in reference;
