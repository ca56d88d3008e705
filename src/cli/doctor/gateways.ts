/** Checks each gateway: that it answers, that the token may write, and that the groups of services are let through. */
import { createGateways } from '../../access/clients.ts';
import { GatewayError } from '../../access/failure.ts';
import type { Gateway, GatewaySettings } from '../../access/gateway.ts';
import type { Fetch } from '../../access/http.ts';
import type { ServiceAccess } from '../../domain/access.ts';
import { type CheckResult, fail, fixOf, joinList, ok, warn } from './check-result.ts';

/** How long one request may take, in milliseconds: all checks of a gateway end within the doctor's half. */
const requestTimeout = 2_000;

/** Checks gateways. Writes a consumer of no application to each Kong, and removes it again. */
export async function checkGateways(
  settings: GatewaySettings[],
  services: { slug: string; access: ServiceAccess | null }[],
  { fetch, now }: { fetch: Fetch; now: () => Date },
): Promise<{ findings: CheckResult[] }> {
  const gateways = createGateways(settings, { fetch, now, timeout: requestTimeout });
  const checked = [...gateways.values()].map((gateway) => checkGateway(gateway, services));
  return { findings: (await Promise.all(checked)).flat() };
}

async function checkGateway(
  gateway: Gateway,
  services: { slug: string; access: ServiceAccess | null }[],
): Promise<CheckResult[]> {
  const about = `gateway ${gateway.name}`;
  try {
    const { version, dbless, writes, allowed } = await gateway.inspect();
    if (dbless)
      return [fail(about, 'a DB-less Kong: it reads a file, and access cannot be set. Use one with a database.')];
    if (writes === 'tags-lost')
      return [fail(about, 'it does not keep tags: what is ours could not be told from what is not.')];
    if (writes !== true) return [fail(about, `${sentence(writes)} ${fixFor(writes)}`.trim())];
    const named = services.flatMap(({ slug, access }) =>
      access?.gateway === gateway.name ? [{ slug, ...access }] : [],
    );
    const result = ok(about, `${version ? `version ${version}, ` : ''}answers, and can be written to.`);
    const closed = allowed ? named.filter(({ group }) => !allowed.includes(group)) : [];
    if (closed.length === 0) return [result];
    const list = joinList(closed.map(({ slug, group }) => `${group} (${slug})`));
    return [result, warn(about, `no acl plugin allows ${list}: calls are refused in spite of an approval.`)];
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return [fail(about, `${sentence(error)} ${fixFor(error)}`.trim())];
  }
}

const fixFor = ({ failure, message }: GatewayError): string =>
  (failure === 'unreachable' && fixOf(message, 'its url in the catalog file')) || (fixes[failure] ?? '');

/** Formats the error without the gateway's name, which is in front of the line. */
const sentence = ({ message, gateway }: GatewayError): string => `${message.replace(`gateway ${gateway}: `, '')}.`;

const fixes: Partial<Record<GatewayError['failure'], string>> = {
  unauthorized: 'Set GATEWAY_<NAME>_TOKEN to a token that can write consumers.',
  unreachable: 'See that this machine reaches its url in the catalog file.',
  timeout: 'See that this machine reaches its url in the catalog file.',
  redirected: 'Name its final address in the catalog file.',
};
