/** TLS in front of a server that speaks plain HTTP, with a certificate for names in .test that only the tests trust. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';

/** For NODE_EXTRA_CA_CERTS: the certificate is its own authority. */
export const certificateFile = fileURLToPath(new URL('tls/slack.test.crt', import.meta.url));

const credentials = {
  cert: readFileSync(certificateFile),
  key: readFileSync(new URL('tls/slack.test.key', import.meta.url)),
};

export async function openTlsFront(port: number): Promise<AsyncDisposable & { port: number }> {
  const server = createServer(credentials, (client) => {
    const upstream = connect(port, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
