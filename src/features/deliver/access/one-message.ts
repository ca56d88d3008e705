/** What messages to owners wait for, so that one tells of a decision and of what the gateway made of it. */

/** How long a message waits for the gateway, and how often it looks, in seconds. */
export const oneMessageFor = 5;
export const accessLookInterval = 0.3;
