/** Sends e-mail through the server at SMTP_URL, with a connection for each message. */
import { createTransport, type NodemailerError } from 'nodemailer';
import type { EmailMessage } from './views/registration/email.ts';

export type Mailer = {
  /** Sends a message to one address. `name` is the same for each attempt: it becomes the Message-ID. */
  send(address: string, name: string, message: EmailMessage): Promise<void>;
};

/** In milliseconds. Sending ends before the outbox gives up an attempt, so that no two attempts overlap. */
const timeouts = {
  connectionTimeout: 5_000,
  greetingTimeout: 5_000,
  socketTimeout: 10_000,
  dnsTimeout: 5_000,
};
const sendTimeout = 30_000;

/**
 * Creates a mailer. SMTP has no idempotency key: a process that dies between the server's acceptance and our commit sends
 * the message again. Both have the same Message-ID, by which mail systems deduplicate.
 */
export function createMailer(url: string, from: string): Mailer {
  const transport = createTransport({ url, ...timeouts, disableFileAccess: true, disableUrlAccess: true });
  const domain = from.slice(from.lastIndexOf('@') + 1).replace('>', '');
  return {
    async send(address, name, { subject, text, html }) {
      await transport.sendMail({
        from,
        // An object is always one recipient; a string would be parsed for several.
        to: { name: '', address },
        messageId: `<${name}@${domain}>`,
        subject,
        text,
        html,
        // Suppresses out-of-office replies (https://www.rfc-editor.org/rfc/rfc3834#section-5).
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal: AbortSignal.timeout(sendTimeout),
      });
    },
  };
}

/** Connects to the mail server and logs in, without sending anything. Rejects where either fails. */
export async function verifySmtp(url: string): Promise<void> {
  const transport = createTransport({ url, ...timeouts, disableFileAccess: true, disableUrlAccess: true });
  try {
    await transport.verify();
  } finally {
    transport.close();
  }
}

/** Reply codes about the login, which may come to any command (https://www.rfc-editor.org/rfc/rfc4954#section-6). */
const loginErrors = [530, 534, 535, 538];

/**
 * Returns why no retry can deliver a message: the server's 5xx to the sender, the recipient or the text. A refused login is
 * not permanent: an operator fixes it, and the retry succeeds.
 */
export function permanentFailure(error: unknown): string | undefined {
  const { code, permanent, responseCode }: Partial<NodemailerError> = error instanceof Error ? error : {};
  if (code !== 'EENVELOPE' && code !== 'EMESSAGE') return undefined;
  // Without a reply code, nodemailer itself found the address to be invalid.
  if (responseCode === undefined) return 'not an address';
  return permanent && !loginErrors.includes(responseCode) ? `SMTP ${responseCode}` : undefined;
}
