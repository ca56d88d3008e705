/** What every gateway can do, whatever kind it is. Each request is made once: repeating is the outbox's. */
import type { GatewayKind, WantedAccess } from '../domain/access.ts';
import type { GatewayError } from './failure.ts';
import type { KeyMark, NewKey } from './keys.ts';

/** A gateway as the catalog file names it. */
export type DeclaredGateway = {
  name: string;
  kind: GatewayKind;
  url: string;
  /** Where calls go through it, and the header that a key is sent in: for the example next to a new key. */
  proxy: string | undefined;
  header: string;
};

/** A gateway as the catalog file and the environment describe it. */
export type GatewaySettings = DeclaredGateway & { token: string | undefined };

/** What a webhook receives with a group; a gateway that can be read needs none of it. */
export type Backing = {
  /** The id of this change of the group, the same at every repetition. */
  change: string;
  service: { slug: string; name: string };
  registration: string;
};

/** An application by the id that leaves the database. */
export type OrderedApplication = { id: string; name: string; owners: string[] };

export type Order = {
  application: OrderedApplication;
  /** Null: the application was deleted. */
  wanted: WantedAccess | null;
  /** The groups that the gateway has confirmed before: what a webhook cannot be asked for. */
  confirmed: readonly string[];
  backing: ReadonlyMap<string, Backing>;
};

/** How far an order has come. `failure` is the first one; all other steps were still tried. */
export type Applied = {
  /** The groups that calls go through with now, as the gateway has confirmed. */
  open: string[];
  /** Groups that the gateway has taken note of, and not confirmed yet. */
  pending: string[];
  failure: GatewayError | undefined;
};

/** A consumer under our tag, as reconciling finds it. */
export type FoundConsumer = {
  /** The application's id; null where the consumer names none. */
  application: string | null;
  consumer: string;
  groups: { group: string; ours: boolean }[];
  keys: KeyMark[];
};

/** What a gateway says of itself, for `npm run doctor`. */
export type GatewayReport = {
  version: string | null;
  /** Null where it cannot be seen: Konnect does not say. */
  dbless: boolean | null;
  /** Whether a consumer could be written, with its tag kept, and removed again; else why not. */
  writes: true | GatewayError | 'tags-lost';
  /** The groups that acl plugins let through; null where plugins cannot be read. */
  allowed: string[] | null;
};

export type Gateway = {
  name: string;
  kind: GatewayKind;
  /** Where calls go through it, where the catalog file names it, and the header that a key is sent in. */
  proxy: string | undefined;
  header: string;
  /**
   * Makes access what it should be. Rejects with a `GatewayError` where nothing is known afterwards that was not before, and
   * begins no further step once `signal` is aborted.
   */
  apply(order: Order, signal?: AbortSignal): Promise<Applied>;
  /** Keys of applications; undefined where the gateway makes its own. */
  keys: GatewayKeys | undefined;
  /** Lists all consumers under our tag; undefined where the gateway cannot be asked. */
  consumers: (() => AsyncIterable<FoundConsumer[]>) | undefined;
  inspect(): Promise<GatewayReport>;
};

export type GatewayKeys = {
  /** Writes a key, which may be repeated. */
  put(application: string, key: NewKey): Promise<void>;
  /** Removes a key; one that is not there is removed already. */
  remove(application: string, id: string): Promise<void>;
  list(application: string): Promise<KeyMark[]>;
};
