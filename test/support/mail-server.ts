/** A real mail server on this machine, that can be down, refuse, or lose its own answers. */
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { eventually } from './eventually.ts';
import type { Scenario } from './scenario.ts';

/** A letter as it arrived: whom the envelope names, and what a mail program reads in it. */
export type Received = Email & { recipients: string[]; raw: string };

export type MailServer = AsyncDisposable & {
  url: string;
  letters: Received[];
  /** The next letters are answered with these, one each: an SMTP code, or the connection is cut after the letter was taken. */
  answers: (number | 'cut')[];
  down(): Promise<void>;
  up(): Promise<void>;
};

/** `took` hears of each letter as it is taken. */
export async function openMailServer(took: (letter: Received) => void = () => {}): Promise<MailServer> {
  const letters: Received[] = [];
  const answers: (number | 'cut')[] = [];
  let server: SMTPServer | undefined;
  let port = 0;

  async function take(raw: string, session: SMTPServerSession): Promise<number | 'cut'> {
    const answer = answers.shift() ?? 250;
    if (answer === 250 || answer === 'cut') {
      const recipients = session.envelope.rcptTo.map(({ address }) => address);
      const letter = { ...(await PostalMime.parse(raw)), recipients, raw };
      letters.push(letter);
      took(letter);
    }
    return answer;
  }

  async function up(): Promise<void> {
    const next = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      logger: false,
      onData(stream, session, callback) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', async () => {
          const answer = await take(Buffer.concat(chunks).toString(), session);
          if (answer === 'cut') for (const connection of next.connections) connection.close();
          else if (answer === 250) callback();
          else callback(Object.assign(new Error('not taken'), { responseCode: answer }));
        });
      },
    });
    next.on('error', () => {});
    const listening = Promise.withResolvers<void>();
    const socket = next.listen(port, '127.0.0.1', listening.resolve);
    await listening.promise;
    const address = socket.address();
    port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    server = next;
  }

  async function down(): Promise<void> {
    await new Promise<void>((closed) => (server ? server.close(closed) : closed()));
    server = undefined;
  }

  await up();
  return { url: `smtp://127.0.0.1:${port}`, letters, answers, up, down, [Symbol.asyncDispose]: down };
}

/** The environment of a bot that sends e-mail. */
export const mailing = ({ url }: Pick<MailServer, 'url'>) => ({
  SMTP_URL: url,
  MAIL_FROM: 'Registrar <registrar@acme.example>',
});

export const arrived = ({ letters }: MailServer, subject: RegExp) =>
  eventually(`a letter ${subject} arrives`, async () => letters.some((one) => subject.test(one.subject ?? '')));

/** Waits until no letter is left to send. */
export const sent = ({ database }: Scenario) =>
  eventually('no letter is left', async () => {
    const left = await database.sql`select from outbox where queue = 'outbox-mail' and dead_at is null`;
    return left.length === 0;
  });

/** Lists the dead letters. */
export const deadLetters = ({ database }: Scenario) =>
  database.sql`select kind, cause why from outbox where dead_at is not null`;
