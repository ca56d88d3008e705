/** Keys: made here, given to the gateway and to the person who asked, and kept by neither us nor a log. */
import { randomBytes, randomUUID } from 'node:crypto';

/** What may be kept of a key. */
export type KeyMark = { id: string; lastFour: string };

/** A key as it is shown, once. Its `secret` goes to the gateway and into one modal, and nowhere else. */
export type NewKey = KeyMark & { secret: string };

/** Makes a key: 32 random bytes, under a prefix by which a scanner of repositories can find it. */
export function makeKey(): NewKey {
  const secret = `rg_${randomBytes(32).toString('base64url')}`;
  return { id: randomUUID(), lastFour: secret.slice(-4), secret };
}
