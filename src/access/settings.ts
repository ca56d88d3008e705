/** The gateways of the catalog file joined with their tokens, which only the environment holds. */
import type { GatewayKind } from '../domain/access.ts';
import type { DeclaredGateway, GatewaySettings } from './gateway.ts';

/** Tokens by the name of their variable. */
export type GatewayTokens = ReadonlyMap<string, string>;

/** Names the variable that holds a gateway's token: `edge-eu` has GATEWAY_EDGE_EU_TOKEN. */
const tokenVariable = (gateway: string): string => `GATEWAY_${gateway.toUpperCase().replaceAll('-', '_')}_TOKEN`;

/** What each kind's token is; an open-source Kong has none and is protected by the network. */
const tokens: Record<GatewayKind, { required: boolean; expected: string; ok: (token: string) => boolean }> = {
  kong: { required: false, expected: 'the token of the Admin API', ok: () => true },
  konnect: { required: true, expected: "the control plane's access token, such as kpat_…", ok: () => true },
  webhook: {
    required: true,
    expected: 'the secret that signs its events: whsec_ and 24 to 64 bytes in base64',
    ok: isWebhookSecret,
  },
};

/** Checks a secret as Standard Webhooks wants it. */
function isWebhookSecret(text: string): boolean {
  const encoded = text.replace(/^whsec_/, '');
  const { length } = Buffer.from(encoded, 'base64');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(encoded) && encoded.length % 4 === 0 && length >= 24 && length <= 64;
}

/** Joins gateways and tokens. A mistake is a line that begins with its variable, and never holds a token. */
export function joinTokens(
  declared: readonly DeclaredGateway[],
  given: GatewayTokens,
): { gateways: GatewaySettings[]; mistakes: string[] } {
  const mistakes = declared.flatMap(({ name, kind }) => {
    const token = given.get(tokenVariable(name));
    const { required, expected, ok } = tokens[kind];
    return (token === undefined ? required : !ok(token)) ? [`${tokenVariable(name)}: ${expected}`] : [];
  });
  const known = declared.map(({ name }) => tokenVariable(name));
  const unknown = [...given.keys()].filter((variable) => !known.includes(variable));
  const there = known.length > 0 ? `; it names ${known.join(', ')}` : '';
  return {
    gateways: declared.map((one) => ({ ...one, token: given.get(tokenVariable(one.name)) })),
    mistakes: [
      ...mistakes,
      ...unknown.map((variable) => `${variable}: no gateway of the catalog file has this token${there}`),
    ],
  };
}
