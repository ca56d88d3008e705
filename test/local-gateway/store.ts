/** What a Kong keeps in its database: consumers, their groups and keys. Unique where Kong is, and a consumer takes its own with it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { type Acl, type Consumer, type Fields, isUuid, type Key } from './entities.ts';

/** A write that would make two of what there can be one of; `fields` are Kong's. */
export class NotUnique extends Error {
  readonly fields: Record<string, unknown>;
  constructor(fields: Record<string, unknown>) {
    super('UNIQUE violation');
    this.fields = fields;
  }
}

export class Store {
  readonly consumers = new Map<string, Consumer>();
  readonly acls = new Map<string, Acl>();
  readonly keys = new Map<string, Key>();
  readonly #changed: () => void;

  constructor(changed: () => void = () => {}) {
    this.#changed = changed;
  }

  /** Finds a consumer by its id or its username. */
  consumer(idOrName: string): Consumer | undefined {
    return this.consumers.get(idOrName) ?? [...this.consumers.values()].find(({ username }) => username === idOrName);
  }

  /** Finds a group of a consumer by its id or its name. */
  acl({ id }: Consumer, idOrGroup: string): Acl | undefined {
    return this.aclsOf(id).find((acl) => acl.id === idOrGroup || acl.group === idOrGroup);
  }

  /** Finds a key of a consumer by its id, or by the key itself. */
  key({ id }: Consumer, idOrKey: string): Key | undefined {
    return this.keysOf(id).find((key) => key.id === idOrKey || key.key === idOrKey);
  }

  aclsOf = (consumer: string): Acl[] => [...this.acls.values()].filter((acl) => acl.consumer.id === consumer);
  keysOf = (consumer: string): Key[] => [...this.keys.values()].filter((key) => key.consumer.id === consumer);

  /** Writes a consumer whole: a field that is left out becomes null. */
  putConsumer(idOrName: string, fields: Fields<Consumer>): Consumer {
    const before = this.consumer(idOrName);
    const id = before?.id ?? (isUuid(idOrName) ? idOrName : randomUUID());
    const { custom_id = null, tags = null } = fields;
    const username = fields.username ?? (isUuid(idOrName) ? null : idOrName);
    for (const other of this.consumers.values()) {
      if (other.id === id) continue;
      if (username !== null && other.username === username) throw new NotUnique({ username });
      if (custom_id !== null && other.custom_id === custom_id) throw new NotUnique({ custom_id });
    }
    return this.#put(this.consumers, { id, username, custom_id, tags, created_at: before?.created_at ?? now() });
  }

  putAcl(consumer: Consumer, idOrGroup: string, fields: Fields<Acl> & { group: string }): Acl {
    const before = this.acl(consumer, idOrGroup);
    const id = before?.id ?? (isUuid(idOrGroup) ? idOrGroup : randomUUID());
    const { group, tags = null } = fields;
    const other = this.aclsOf(consumer.id).find((acl) => acl.group === group && acl.id !== id);
    if (other) throw new NotUnique({ consumer: { id: consumer.id }, group });
    this.#refuseTaken(this.acls, id, consumer);
    return this.#put(this.acls, { id, group, tags, consumer: { id: consumer.id }, created_at: now() });
  }

  /** Writes a key whole. Without `key`, Kong makes a new one each time: a repeated write changes it. */
  putKey(consumer: Consumer, idOrKey: string, fields: Fields<Key>): Key {
    const before = this.key(consumer, idOrKey);
    const id = before?.id ?? (isUuid(idOrKey) ? idOrKey : randomUUID());
    const { ttl = null, tags = null } = fields;
    const key = fields.key ?? randomBytes(16).toString('hex');
    if ([...this.keys.values()].some((other) => other.key === key && other.id !== id)) throw new NotUnique({ key });
    this.#refuseTaken(this.keys, id, consumer);
    return this.#put(this.keys, { id, key, ttl, tags, consumer: { id: consumer.id }, created_at: now() });
  }

  /** Deletes a consumer with its groups and keys. */
  deleteConsumer(idOrName: string): void {
    const consumer = this.consumer(idOrName);
    if (!consumer) return;
    for (const { id } of this.aclsOf(consumer.id)) this.acls.delete(id);
    for (const { id } of this.keysOf(consumer.id)) this.keys.delete(id);
    this.consumers.delete(consumer.id);
    this.#changed();
  }

  deleteAcl(id: string): void {
    this.acls.delete(id);
    this.#changed();
  }

  deleteKey(id: string): void {
    this.keys.delete(id);
    this.#changed();
  }

  /** Deletes everything, as a declarative sync does that knows of nothing. */
  wipe(): void {
    for (const kept of [this.consumers, this.acls, this.keys]) kept.clear();
    this.#changed();
  }

  save(): string {
    const kept = [this.consumers, this.acls, this.keys];
    return JSON.stringify(kept.map((some) => [...some.values()]));
  }

  load(saved: string): void {
    const [consumers = [], acls = [], keys = []]: [Consumer[]?, Acl[]?, Key[]?] = JSON.parse(saved);
    for (const one of consumers) this.consumers.set(one.id, one);
    for (const one of acls) this.acls.set(one.id, one);
    for (const one of keys) this.keys.set(one.id, one);
  }

  /** An id is unique over all consumers, not only within one. */
  #refuseTaken(all: Map<string, Acl | Key>, id: string, consumer: Consumer): void {
    const taken = all.get(id);
    if (taken && taken.consumer.id !== consumer.id) throw new NotUnique({ id });
  }

  #put<T extends { id: string }>(all: Map<string, T>, entity: T): T {
    all.set(entity.id, entity);
    this.#changed();
    return entity;
  }
}

const now = (): number => Math.floor(Date.now() / 1000);

/** The mistakes that Kong finds in `size`, `offset` and `tags`. */
export class BadQuery extends Error {}

export type Listed = { id: string; tags: string[] | null };

/** Lists a page in the order of ids, as Kong pages: `offset` is where the next one begins. */
export function page<T extends Listed>(
  all: Iterable<T>,
  {
    size,
    atMost,
    offset,
    tags,
  }: { size: number; atMost: number; offset: string | undefined; tags: string | undefined },
): { data: T[]; offset?: string } {
  if (!Number.isInteger(size) || size < 1 || size > 1000)
    throw new BadQuery('size must be an integer between 1 and 1000');
  const from = offset === undefined ? '' : Buffer.from(offset, 'base64').toString();
  if (offset !== undefined && !isUuid(from)) throw new BadQuery('invalid offset');
  const wanted = tagged(tags);
  const rows = [...all]
    .filter((row) => row.id >= from && wanted(row.tags ?? []))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const length = Math.min(size, atMost);
  const next = rows[length];
  const data = rows.slice(0, length);
  return next ? { data, offset: Buffer.from(next.id).toString('base64') } : { data };
}

/** Reads `?tags=a,b` (both) and `?tags=a/b` (either). */
function tagged(tags: string | undefined): (of: string[]) => boolean {
  if (tags === undefined) return () => true;
  if (tags.includes(',') && tags.includes('/')) throw new BadQuery('invalid filter syntax');
  const either = tags.includes('/');
  const names = tags.split(either ? '/' : ',');
  if (names.some((name) => !/^\S+$/.test(name))) throw new BadQuery('invalid filter syntax');
  return (of) => (either ? names.some((name) => of.includes(name)) : names.every((name) => of.includes(name)));
}
