/** The value of a button, and what a form remembers: what they are about, and at which version. */
import { z } from 'zod';
import type { NumberedReference, Reference } from '../domain/reference.ts';

/** Encodes a reference: `publicId@version`. */
export const buttonValue = ({ publicId, version }: { publicId: string; version: number }): string =>
  `${publicId}@${version}`;

/** A public id, as PostgreSQL writes it. */
export const publicIdPattern = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

export const publicId = z.string().regex(new RegExp(`^${publicIdPattern}$`));

const current = z
  .string()
  .regex(new RegExp(`^${publicIdPattern}@[1-9]\\d{0,8}$`))
  .transform((text): Reference => {
    const [id = '', seen] = text.split('@');
    return { publicId: id, seen: Number(seen) };
  });

/** Buttons that were made before there were public ids stay in their messages for as long as these do. */
const numbered = z
  .string()
  .regex(/^[1-9]\d{0,14}@[1-9]\d{0,8}$/)
  .transform((text): NumberedReference => {
    const [id, seen] = text.split('@');
    return { id: Number(id), seen: Number(seen) };
  });

const either = z.union([current, numbered]);

/** Parses the value of a button in a message; undefined for a forged value. */
export const readButton = (value: unknown): Reference | NumberedReference | undefined => either.safeParse(value).data;

/** Parses what a form, a Home or an option carries; undefined for a forged or a numbered value, which nothing can check. */
export const readReference = (value: unknown): Reference | undefined => current.safeParse(value).data;
