/** A scenario whose services are reached through a gateway. */
import { type LocalGateway, type Options, openLocalGateway } from '../local-gateway/local-gateway.ts';
import type { Person } from '../local-slack/people.ts';
import { eventually } from './eventually.ts';
import { openScenario, type Scenario } from './scenario.ts';
import { people, requests } from './steps.ts';

export const routes = [
  { path: '/payments', allow: ['payments'] },
  { path: '/ledger', allow: ['ledger'] },
];

/** Payments and its sandbox share a group; the ledger has its own; the search is approved at once. */
export const catalogOf = (gateway: LocalGateway): string => `services:
  - { slug: payments, name: Payments API, access: { gateway: edge, group: payments, credential: key } }
  - { slug: sandbox, name: Sandbox API, access: { gateway: edge, group: payments, credential: key } }
  - { slug: ledger, name: Ledger API, access: { gateway: edge, group: ledger } }
  - { slug: search, name: Search API, approval: auto, access: { gateway: edge, group: search, credential: key } }
  - { slug: docs, name: Docs API }
gateways:
  - { name: edge, kind: ${gateway.kind}, url: "${gateway.url}", proxy: "${gateway.proxyUrl}" }
`;

export type GatewayScenario = Scenario & { gateway: LocalGateway };

/** Opens a scenario with a local gateway, which is closed with it. */
export async function openGatewayScenario(
  setting: Parameters<typeof openScenario>[0] = {},
  options: Options = {},
): Promise<GatewayScenario> {
  const gateway = await openLocalGateway({ routes, pageSize: 2, ...options });
  const env = { ...(gateway.token ? { GATEWAY_EDGE_TOKEN: gateway.token } : {}), ...setting.env };
  const scenario = await openScenario({ catalog: catalogOf(gateway), ...setting, env });
  const close = scenario[Symbol.asyncDispose].bind(scenario);
  return Object.assign(scenario, {
    gateway,
    async [Symbol.asyncDispose]() {
      await close();
      await gateway[Symbol.asyncDispose]();
    },
  });
}

/** Lists the groups of an application at the gateway; undefined where it has no consumer. */
export async function groupsOf(
  { database, gateway }: GatewayScenario,
  application = 'Shop',
): Promise<string[] | undefined> {
  const [row] =
    await database.sql`select public_id from applications where name = ${application} order by id desc limit 1`;
  return gateway.groupsOf(`registrar-${row?.public_id}`);
}

/** Waits until an application has exactly these groups at the gateway. */
export const groupsBecome = (
  scenario: GatewayScenario,
  groups: string[] | undefined,
  within?: number,
): Promise<unknown> =>
  eventually(
    `the groups are ${groups}`,
    async () => JSON.stringify(await groupsOf(scenario)) === JSON.stringify(groups),
    within,
  ).catch(({ message }: Error) => {
    throw new Error(`${message}\n\n${scenario.workspace.transcript()}`);
  });

/** In the approval channel. */
export const inChannel = { in: 'api-requests' } as const;

/** Where the card of a service is. */
export const card = (service: string) => ({ ...inChannel, on: new RegExp(service) });

/** Requests a service for the application Shop, and approves it. The card says so when it returns: its buttons are those of an approved one. */
export async function approves(scenario: GatewayScenario, service = 'Payments API'): Promise<void> {
  const { dana, alex } = people(scenario);
  await requests(dana, alex, service);
  await alex.clicks('Approve', card(service));
  await alex.finds(new RegExp(`✅ ${service} for Shop`), inChannel);
}

export async function revokes(scenario: GatewayScenario, service = 'Payments API'): Promise<void> {
  const { alex } = people(scenario);
  await alex.clicks('Revoke', card(service));
  await alex.fills('Reason', 'The audit found something');
  await alex.submits();
}

export const keyPattern = /rg_[\w-]{43}/;

/** Reads the key in the open modal, and closes it. */
export async function readsKey(person: Person): Promise<string> {
  const modal = await person.finds(keyPattern, { in: 'modal' });
  await person.closes();
  return keyPattern.exec(modal)?.[0] ?? '';
}

/** Gets a key in the way that a person does, and reads it. */
export async function getsKey(person: Person): Promise<string> {
  await person.clicks('Get key', { in: 'messages' });
  return readsKey(person);
}

/** Calls an API through the proxy, the payments API if not said otherwise; returns the status of the answer. */
export const calls = ({ gateway }: GatewayScenario, key: string, path = '/payments'): number =>
  gateway.call({ path, key }).status;
