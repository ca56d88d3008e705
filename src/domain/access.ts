/**
 * Access at gateways: which groups an application should be in, and the steps that lead there. Pure. What is wanted is
 * compared with what is there, so that overlapping registrations, retries and jobs out of order end in the same state.
 */

/** Kinds of gateways. A `webhook` is a program that sets access at a gateway of its own. */
export const gatewayKinds = ['kong', 'konnect', 'webhook'] as const;
export type GatewayKind = (typeof gatewayKinds)[number];

/** Where a service is reached: an approved application belongs to `group` at `gateway`. */
export type ServiceAccess = { gateway: string; group: string; credential: 'key' | 'none' };

type GroupAtGateway = Pick<ServiceAccess, 'gateway' | 'group'>;

/** Tells whether two services, or one before and after a change, give the same group; keys are no part of it. */
export const isSameGroup = (one: GroupAtGateway, other: GroupAtGateway | null | undefined): boolean =>
  one.gateway === other?.gateway && one.group === other.group;

/** Names of gateways; each names a variable as well: `edge-eu` has GATEWAY_EDGE_EU_TOKEN. */
export const gatewayName = /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
export const gatewayNameRule = 'lower-case letters, digits and -, beginning with a letter, at most 40, such as edge';

/** Names of groups. A group is part of a path, and a UUID there would be taken for an id. */
const groupPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/;
const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
export const isGroup = (text: string): boolean => groupPattern.test(text) && !uuidPattern.test(text);
export const groupRule = 'letters, digits and . _ : -, at most 100, such as payments';

/** The most keys that work for one application at one gateway: the one in use, and the one that follows it. */
export const maxKeys = 2;

/** A group at a gateway. `ours`: it carries our tag. */
export type ActualGroup = { group: string; ours: boolean };

/** An application at a gateway: whether its consumer is there and as it should be, and its groups. */
export type ActualAccess = { consumer: 'missing' | 'incomplete' | 'complete'; groups: ActualGroup[] };

/** The groups an application should have. `governed` are all that services name at this gateway: no one else sets them. */
export type WantedAccess = { groups: readonly string[]; governed: readonly string[] };

export type AccessStep =
  | { kind: 'consumer' }
  | { kind: 'grant' | 'adopt' | 'remove'; group: string }
  /** The application is gone: its consumer goes, and groups and keys with it. */
  | { kind: 'remove-consumer' };

/**
 * Plans the steps from what is there to what is wanted (null: the application was deleted): the consumer first, then the
 * groups that are missing, then those that are too many. A group that an operator made under a name of ours is adopted where
 * it is wanted and removed where it is not; one that no service names is left alone.
 */
export function planAccess(wanted: WantedAccess | null, actual: ActualAccess): AccessStep[] {
  if (!wanted) return actual.consumer === 'missing' ? [] : [{ kind: 'remove-consumer' }];
  const there = new Map(actual.groups.map(({ group, ours }) => [group, ours]));
  const groups = [...new Set(wanted.groups)];
  const grants = groups
    .filter((group) => !there.get(group))
    .map((group): AccessStep => ({ kind: there.has(group) ? 'adopt' : 'grant', group }));
  const removals = actual.groups
    .filter(({ group, ours }) => !groups.includes(group) && (ours || wanted.governed.includes(group)))
    .map(({ group }): AccessStep => ({ kind: 'remove', group }));
  const consumer: AccessStep[] = groups.length > 0 && actual.consumer !== 'complete' ? [{ kind: 'consumer' }] : [];
  return [...consumer, ...grants, ...removals];
}

/** What the record tells of an application's access. */
export type AccessEvent = 'granted' | 'removed' | 'key-made' | 'key-removed' | 'key-lost';

/** Why a gateway did not do what it was asked. */
export const gatewayFailures = [
  /** Nothing answers at its address, or the connection ended. */
  'unreachable',
  'timeout',
  'rate-limited',
  /** It answered 5xx. */
  'server-error',
  /** Its answer is not one of a gateway's: a sign-in page, another program, something else than was written. */
  'bad-answer',
  /** It sends elsewhere; the token goes only to the address that the operator named. */
  'redirected',
  'unauthorized',
  /** It keeps its configuration in a file (DB-less Kong). */
  'read-only',
  /** Another consumer has the name or the id that ours needs, or the key is known already. */
  'conflict',
  /** It does not take what was sent. */
  'invalid',
  /** What was written to has gone meanwhile. */
  'gone',
  /** The catalog file does not name it. */
  'unknown-gateway',
] as const;
export type GatewayFailure = (typeof gatewayFailures)[number];

/** The failures that only a person can resolve. They are told; and removals are retried all the same. */
const permanent: readonly GatewayFailure[] = [
  'redirected',
  'unauthorized',
  'read-only',
  'conflict',
  'invalid',
  'unknown-gateway',
];
export const needsOperator = (failure: GatewayFailure): boolean => permanent.includes(failure);

/** A group that is no longer to be let through goes before what is to be let through. */
export type AccessChange = { application: number; gateway: string; removes: boolean };

/** Returns what a change of a registration's status means at the gateway of its service; undefined where nothing. */
export function accessChange(
  access: ServiceAccess | null,
  { application, wasApproved, isApproved }: { application: number; wasApproved: boolean; isApproved: boolean },
): AccessChange | undefined {
  if (!access || wasApproved === isApproved) return undefined;
  return { application, gateway: access.gateway, removes: !isApproved };
}

/** What is known of a group at a gateway; `open` is null where a grant was asked for and not confirmed. */
export type KnownAccess = {
  gateway: string;
  open: boolean | null;
  since: Date;
  /** When what it was open for ended: a registration, or the access of its service. Null where neither has. */
  endedAt: Date | null;
  failure: GatewayFailure | null;
};

/** Why there is no key. */
export type KeyRefusal =
  /** No such registration, or its application was deleted. */
  | { kind: 'gone' }
  | { kind: 'not-an-owner' }
  /** Its service has none. */
  | { kind: 'no-keys' }
  | { kind: 'not-open' }
  | { kind: 'too-many-keys' };

/** Access that is not given any longer, while calls may still go through. */
export type StillOpenAccess = { kind: 'still-open'; gateway: string; since: Date; failure: GatewayFailure | null };

/** The access of a registration, as it is shown. `former`: where its service's access was before it changed. */
export type ShownAccess =
  /** The gateway has confirmed it. */
  | {
      kind: 'open';
      gateway: string;
      since: Date;
      /** The registration's public id where its owners can get keys. */
      keys: string | null;
      former?: StillOpenAccess;
    }
  | { kind: 'on-its-way'; gateway: string; failure: GatewayFailure | null; former?: StillOpenAccess }
  | StillOpenAccess;

/**
 * Decides what is shown. `known`: the group that the registration's service gives. `unbacked`: one that may be open although
 * no approved registration of the application gives it any longer. `changedAt`: since when the registration is in its status.
 */
export function shownAccess(
  registration: { publicId: string; approved: boolean; changedAt: Date },
  access: ServiceAccess | null,
  { known, unbacked }: { known: KnownAccess | undefined; unbacked: KnownAccess | undefined },
): ShownAccess | null {
  const stillOpen: StillOpenAccess | undefined = unbacked && {
    kind: 'still-open',
    gateway: unbacked.gateway,
    since: unbacked.endedAt ?? registration.changedAt,
    failure: unbacked.failure,
  };
  if (!registration.approved || !access) return stillOpen ?? null;
  const { gateway, credential } = access;
  const former = stillOpen ? { former: stillOpen } : {};
  if (!known?.open) return { kind: 'on-its-way', gateway, failure: known?.failure ?? null, ...former };
  const keys = credential === 'key' ? registration.publicId : null;
  return { kind: 'open', gateway, since: known.since, keys, ...former };
}
