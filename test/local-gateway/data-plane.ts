/** The proxy in front of the APIs: lets calls through by key and group, as Kong's key-auth and acl plugins do. */
import type { Store } from './store.ts';

/** An API behind the gateway: its path, and the groups that may call it (an acl plugin's `allow`). */
export type Route = { path: string; allow: string[] };

export type Call = { path: string; key: string | undefined };
export type Called = { status: number; message: string; consumer?: string };

/** Decides on a call. A change of the store counts from the next call on. */
export function proxy(store: Store, routes: Route[], { path, key }: Call): Called {
  const route = routes.find((one) => path === one.path || path.startsWith(`${one.path}/`));
  if (!route) return { status: 404, message: 'no Route matched with those values' };
  if (!key) return { status: 401, message: 'No API key found in request' };
  const known = [...store.keys.values()].find((one) => one.key === key);
  if (!known) return { status: 401, message: 'Unauthorized' };
  const groups = store.aclsOf(known.consumer.id).map(({ group }) => group);
  if (!groups.some((group) => route.allow.includes(group)))
    return { status: 403, message: 'You cannot consume this service' };
  const username = store.consumer(known.consumer.id)?.username;
  return { status: 200, message: 'Hello from the API', ...(username ? { consumer: username } : {}) };
}
