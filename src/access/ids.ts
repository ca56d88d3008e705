/** Computed ids, which make a write repeatable: the same thing always has the same id. */
import { createHash } from 'node:crypto';

/** The namespace of all ids here, generated once. */
const namespace = Buffer.from('8f0d1c52a4b34f6f9f0e6d3a5b7c2e19', 'hex');

/** Computes the UUID of a name, version 5 (RFC 9562, 5.5). */
export function uuidOf(...name: string[]): string {
  // Parts are joined by what none of them holds.
  const bytes = createHash('sha1').update(namespace).update(name.join('\n')).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
