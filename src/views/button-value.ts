/** The value of a button: which registration, at which version. */
import { z } from 'zod';

/** The registration that a button is about, and the version that the user saw. */
export type ButtonValue = { id: number; seen: number };

/** Parses `id@version`; undefined for a forged value. */
export const readButton = (value: unknown): ButtonValue | undefined => buttonValue.safeParse(value).data;

export const buttonValue = z
  .string()
  .regex(/^[1-9]\d{0,14}@[1-9]\d{0,8}$/)
  .transform((text): ButtonValue => {
    const [id, seen] = text.split('@');
    return { id: Number(id), seen: Number(seen) };
  });
