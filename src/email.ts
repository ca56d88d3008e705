/** The mail server, where SMTP_URL names one: a connection for each letter, its time limits, and what a refusal means. */
import { createTransport, type NodemailerError } from 'nodemailer';
import type { EmailMessage } from './views/registration/email.ts';

export type Mailer = {
  /** Sends a letter to one address. `name` is the same for each attempt: it becomes the Message-ID. */
  send(to: string, name: string, letter: EmailMessage): Promise<void>;
};

/** In milliseconds. All of it ends before the outbox gives a delivery up, so that no two attempts overlap. */
const timeouts = {
  connectionTimeout: 5_000,
  greetingTimeout: 5_000,
  socketTimeout: 10_000,
  dnsTimeout: 5_000,
};
const sendFor = 30_000;

/**
 * SMTP knows no "once": a process that ends between the server's yes and our note of it sends the letter again. Both bear
 * the same Message-ID, by which mail systems recognise the second.
 */
export function createMailer(url: string, from: string): Mailer {
  const transport = createTransport({ url, ...timeouts, disableFileAccess: true, disableUrlAccess: true });
  const domain = from.slice(from.lastIndexOf('@') + 1).replace('>', '');
  return {
    async send(address, name, { subject, text, html }) {
      await transport.sendMail({
        from,
        // As an object, it is one recipient, whatever it holds.
        to: { name: '', address },
        messageId: `<${name}@${domain}>`,
        subject,
        text,
        html,
        // Keeps out-of-office replies away (https://www.rfc-editor.org/rfc/rfc3834#section-5).
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal: AbortSignal.timeout(sendFor),
      });
    },
  };
}

/** Says hello to the mail server and logs in, without sending anything. Rejects where it does not let us. */
export async function verifySmtp(url: string): Promise<void> {
  const transport = createTransport({ url, ...timeouts, disableFileAccess: true, disableUrlAccess: true });
  try {
    await transport.verify();
  } finally {
    transport.close();
  }
}

/** What a mail server says of the login, whatever it was asked (https://www.rfc-editor.org/rfc/rfc4954#section-6). */
const ofTheLogin = [530, 534, 535, 538];

/**
 * The mail server's word, where it refused this letter for good: a 5xx to the sender, the recipient or the text. A refused
 * login is not one of these: an operator mends it, and the letter follows.
 */
export function permanentFailure(error: unknown): string | undefined {
  const { code, permanent, responseCode }: Partial<NodemailerError> = error instanceof Error ? error : {};
  if (code !== 'EENVELOPE' && code !== 'EMESSAGE') return undefined;
  // Without a code of the server's, nodemailer itself found the address to be none.
  if (responseCode === undefined) return 'not an address';
  return permanent && !ofTheLogin.includes(responseCode) ? `SMTP ${responseCode}` : undefined;
}
