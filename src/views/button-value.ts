/** The value of a button: which registration, at which version. */
import { z } from 'zod';

/** Which life of which registration was clicked. */
export type ButtonValue = { id: number; seen: number };

/** Reads `id@version` back; undefined for a value that was made up. */
export const readButton = (value: unknown): ButtonValue | undefined => buttonValue.safeParse(value).data;

export const buttonValue = z
  .string()
  .regex(/^[1-9]\d{0,14}@[1-9]\d{0,8}$/)
  .transform((text): ButtonValue => {
    const [id, seen] = text.split('@');
    return { id: Number(id), seen: Number(seen) };
  });
