/**
 * Checks requests and answers against the vendor's own OpenAPI documents, cut to the paths that are used. They are not part of
 * the repository: where they are not there, there is nothing to check against, and a test says so.
 */
import { readFile } from 'node:fs/promises';
import { type Document, OpenAPIBackend } from 'openapi-backend';
import { isUuid } from './entities.ts';
import type { Exchange, LocalGateway } from './local-gateway.ts';

const files = { kong: 'kong-admin-consumers.json', konnect: 'konnect-control-plane-consumers.json' } as const;
const folder = new URL('../../../shared/design/', import.meta.url);

export type VendorDocument = {
  /** Lists how exchanges differ from the document, each as a line. Paths that it does not have are left out. */
  differences(gateway: LocalGateway): string[];
};

/** Reads the vendor's document for a kind of gateway; undefined where it is not on this machine. */
export async function vendorDocument(kind: 'kong' | 'konnect'): Promise<VendorDocument | undefined> {
  const text = await readFile(new URL(files[kind], folder), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const definition: Document = JSON.parse(text);
  const api = new OpenAPIBackend({
    definition,
    quick: true,
    ajvOpts: { strict: false, allErrors: true, formats: { uuid: isUuid } },
  });
  await api.init();

  function check({ method, path, query, body, status, answer }: Exchange): string[] {
    const prefix = kind === 'konnect' ? '/v2' : '';
    const headers = { 'content-type': 'application/json' };
    const request = { method, path: path.slice(prefix.length), query, headers, body };
    const operation = api.router.matchOperation(request);
    if (!operation) return [];
    const asked = api.validateRequest(request, operation);
    // The documents know the answers of success only.
    const told =
      status === 200 || status === 201 ? api.validateResponse(withoutEnd(answer), operation, status) : undefined;
    const wrong = [...(asked.errors ?? []), ...(told?.errors ?? [])];
    return wrong.map(({ instancePath, message }) => `${method} ${path}: ${instancePath} ${message}`);
  }
  return { differences: ({ exchanges }) => exchanges.filter(({ status }) => status !== 0).flatMap(check) };
}

/** A last page says `"next": null`, as a real Kong does; the documents know only a string, or nothing. */
function withoutEnd(answer: Record<string, unknown> | undefined): unknown {
  if (answer?.next !== null) return answer;
  const { next, ...rest } = answer;
  return rest;
}
