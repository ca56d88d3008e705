/** A program behind a webhook: verifies signatures after Standard Webhooks, and answers as a test wants. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export type Delivery = { id: string; type: string; payload: Record<string, unknown>; verified: boolean };

/** What the next deliveries are answered: a status, a redirect, or nothing at all. */
export type Answer = number | { redirect: string } | 'hang' | 'reset';

export class WebhookReceiver implements AsyncDisposable {
  readonly url: string;
  readonly secret: string;
  readonly deliveries: Delivery[] = [];
  /** Taken from the front, one a delivery; afterwards all is answered with 204. */
  readonly answers: Answer[] = [];
  readonly #server: Server;

  constructor(server: Server, secret: string) {
    this.#server = server;
    this.secret = secret;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const webhook = new Webhook(secret);
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const {
        'webhook-id': id = '',
        'webhook-timestamp': timestamp = '',
        'webhook-signature': signature = '',
      } = request.headers as Record<string, string>;
      let verified = true;
      try {
        webhook.verify(text, { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature });
      } catch {
        verified = false;
      }
      const payload = JSON.parse(text || '{}');
      this.deliveries.push({ id, type: String(payload.type), payload, verified });
      const answer = this.answers.shift() ?? 204;
      if (answer === 'hang') return;
      if (answer === 'reset') request.socket.destroy();
      else if (typeof answer === 'number') response.writeHead(answer).end();
      else response.writeHead(307, { location: answer.redirect }).end();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

export async function openWebhookReceiver(
  secret = `whsec_${Buffer.from('a local secret of thirty-two by').toString('base64')}`,
): Promise<WebhookReceiver> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new WebhookReceiver(server, secret);
}
