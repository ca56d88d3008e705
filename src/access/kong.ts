/** Kong and Konnect: an application is a consumer, a service's group is one of its ACL groups, a key is a key-auth credential. */
import { type ActualAccess, planAccess } from '../domain/access.ts';
import { GatewayError } from './failure.ts';
import type { Applied, FoundConsumer, Gateway, GatewayReport, GatewaySettings, Order } from './gateway.ts';
import type { Fetch } from './http.ts';
import { type Consumer, createKongApi, type Group, type KongApi, tag, usernameOf } from './kong-api.ts';

/** Consumers that are read at a time while reconciling: few, because the gateway's database has other work. */
const readAtATime = 4;

export function createKong(settings: GatewaySettings, fetch: Fetch, timeout?: number): Gateway {
  const { name, kind } = settings;
  const api = createKongApi(settings, fetch, timeout);

  /** Finds the consumer of an application, or rejects: its keys are nowhere without it. */
  async function consumerOf(application: string): Promise<Consumer> {
    const found = await api.findConsumer(application);
    if (!found) throw new GatewayError(name, 'gone', 'the consumer is not there');
    return found;
  }

  return {
    name,
    kind,
    proxy: settings.proxy,
    header: settings.header,
    apply: (order, signal) => apply(api, name, order, signal),
    keys: {
      put: async (application, key) => api.putKey((await consumerOf(application)).id, key),
      async remove(application, id) {
        const consumer = await api.findConsumer(application);
        if (consumer) await api.deleteKey(consumer.id, id);
      },
      async list(application) {
        const consumer = await api.findConsumer(application);
        return consumer ? api.keys(consumer.id) : [];
      },
    },
    async *consumers() {
      for await (const page of api.consumers()) yield readAll(api, page);
    },
    inspect: () => inspect(api, kind),
  };
}

/** Looks, plans, and takes every step, also after one that failed: what must be taken away does not wait for a grant. */
async function apply(
  api: KongApi,
  name: string,
  { application, wanted }: Order,
  signal: AbortSignal | undefined,
): Promise<Applied> {
  let consumer = await api.findConsumer(application.id);
  let groups = consumer ? await api.groups(consumer.id) : [];
  let failure: GatewayError | undefined;
  const actual = (): ActualAccess => ({
    consumer: !consumer ? 'missing' : isComplete(consumer, application.id) ? 'complete' : 'incomplete',
    groups: groups.map(({ group, tags }) => ({ group, ours: tags.includes(tag) })),
  });
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    signal?.throwIfAborted();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      failure ??= error;
    }
  };

  if (planAccess(wanted, actual())[0]?.kind === 'consumer')
    await attempt(async () => {
      consumer = await ensureConsumer(api, name, application.id, consumer);
      groups = await api.groups(consumer.id);
    });
  const open = new Set(groups.map(({ group }) => group));
  for (const step of planAccess(wanted, actual())) {
    const there = 'group' in step ? groups.find(({ group }) => group === step.group) : undefined;
    await attempt(async () => {
      if (!consumer) return;
      if (step.kind === 'remove-consumer') {
        await api.deleteConsumer(consumer.id);
        open.clear();
      } else if (step.kind === 'remove' && there) {
        await api.deleteGroup(consumer.id, there);
        open.delete(step.group);
      } else if (step.kind === 'grant' || step.kind === 'adopt') {
        await api.putGroup(consumer.id, step.group, there);
        open.add(step.group);
      }
    });
  }
  return { open: [...open], pending: [], failure };
}

const isComplete = ({ username, custom_id, tags }: Consumer, application: string): boolean =>
  username === usernameOf(application) && custom_id === application && tags.includes(tag);

/** Writes the consumer; one that was made under our name or custom_id meanwhile, or restored under another id, is adopted. */
async function ensureConsumer(
  api: KongApi,
  name: string,
  application: string,
  found: Consumer | undefined,
): Promise<Consumer> {
  const written = await api.putConsumer(application, found);
  if (written !== 'taken') return written;
  const other = await api.findConsumer(application);
  const adopted = other && other.id !== found?.id ? await api.putConsumer(application, other) : 'taken';
  if (adopted !== 'taken') return adopted;
  throw new GatewayError(name, 'conflict', `another consumer is named ${usernameOf(application)}; rename or delete it`);
}

/** Reads groups and keys of a page of consumers. One that is deleted meanwhile is left out. */
async function readAll(api: KongApi, page: Consumer[]): Promise<FoundConsumer[]> {
  const found: FoundConsumer[] = [];
  for (let from = 0; from < page.length; from += readAtATime) {
    const read = page.slice(from, from + readAtATime).map((consumer) => readOne(api, consumer));
    found.push(...(await Promise.all(read)).filter((one) => one !== undefined));
  }
  return found;
}

async function readOne(api: KongApi, { id, custom_id }: Consumer): Promise<FoundConsumer | undefined> {
  const ours = ({ group, tags }: Group) => ({ group, ours: tags.includes(tag) });
  try {
    const groups = (await api.groups(id)).map(ours);
    return { application: custom_id ?? null, consumer: id, groups, keys: await api.keys(id) };
  } catch (error) {
    if (error instanceof GatewayError && error.failure === 'gone') return undefined;
    throw error;
  }
}

/** Looks at a gateway as doctor does. Rejects with a `GatewayError` where it does not answer at all. */
async function inspect(api: KongApi, kind: string): Promise<GatewayReport> {
  const root = kind === 'kong' ? await api.root() : undefined;
  const writes = await outcome(async () => ((await api.tryWriting()) ? true : 'tags-lost'));
  const plugins = await outcome(() => api.plugins());
  const allowing =
    plugins instanceof GatewayError ? null : plugins.filter((one) => one.name === 'acl' && one.enabled !== false);
  return {
    version: root?.version ?? null,
    dbless: root?.configuration?.database ? root.configuration.database === 'off' : null,
    writes,
    allowed: allowing && [...new Set(allowing.flatMap(({ config }) => config?.allow ?? []))],
  };
}

async function outcome<T>(work: () => Promise<T>): Promise<T | GatewayError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}
