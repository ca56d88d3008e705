/** What the doctor finds: a line for each check, and how to mend what is wrong. Nothing in it is a secret. */
import { WebAPIHTTPError, WebAPIRateLimitedError } from '@slack/web-api';
import { withTimeout } from '../../async/timeout.ts';
import { slackErrorCode } from '../../slack/errors.ts';

export type CheckResult = {
  /** `FAIL`: something that people rely on does not work. `warn`: it will not, or somebody should look. */
  level: 'ok' | 'warn' | 'FAIL';
  /** What was looked at: `token`, `channel C0PAY`. */
  about: string;
  /** How it is, and how to mend it. */
  what: string;
};

export const ok = (about: string, what: string): CheckResult => ({ level: 'ok', about, what });
export const warn = (about: string, what: string): CheckResult => ({ level: 'warn', about, what });
export const fail = (about: string, what: string): CheckResult => ({ level: 'FAIL', about, what });

export const formatResult = ({ level, about, what }: CheckResult): string => `${level.padEnd(4)}  ${about}: ${what}\n`;

/** What a check comes to, or, where it takes longer than it may, that it does. */
export async function checkWithTimeout<T extends { findings: CheckResult[] }>(
  about: string,
  milliseconds: number,
  check: Promise<T>,
  otherwise: Omit<T, 'findings'>,
): Promise<T | (Omit<T, 'findings'> & { findings: CheckResult[] })> {
  const late = { ...otherwise, findings: [fail(about, `no answer within ${milliseconds / 1000} seconds.`)] };
  return withTimeout(milliseconds, check, late);
}

/** Runs `work` for each, a few at once: Slack answers only so many questions a minute, and the bot asks some too. */
export async function checkEach<T, Result>(items: T[], work: (item: T) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return results;
}

/** Why Slack did not answer a question as it should, in a few words. */
export function errorSummary(error: unknown): string {
  const word = slackErrorCode(error);
  if (word) return `Slack says ${word}`;
  if (error instanceof WebAPIRateLimitedError) return `Slack asks to wait ${error.retryAfter} seconds`;
  if (error instanceof WebAPIHTTPError) return `Slack answers with HTTP ${error.statusCode}`;
  return `Slack does not answer${errorCodeIn(error)}`;
}

/** The code of a network's or a database's error, at whatever depth; nothing of its message, which may hold an address. */
export function errorCodeIn(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code = 'code' in error ? String(error.code) : '';
  const inner = errorCodeIn(error.cause) || (error.name === 'TimeoutError' ? ' (it takes too long)' : '');
  return inner || (/^[A-Z0-9_]{5,}$/.test(code) ? ` (${code})` : '');
}

/** How to fix that a network or a proxy, and not Slack, refused a call; undefined where it is something else. */
export function networkFix(error: unknown): string | undefined {
  const code = errorCodeIn(error);
  if (code.includes('ERR_PROXY'))
    return 'The proxy in HTTPS_PROXY lets nothing pass: see its address, its password and the hosts that it allows.';
  if (/CERT|VERIFY/.test(code))
    return 'The certificate is not trusted: where a proxy has one of its own, name the file of its authority in NODE_EXTRA_CA_CERTS.';
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|UNREACH/.test(code))
    return 'See that this machine reaches SLACK_API_URL, directly or through the proxy in HTTPS_PROXY.';
  return undefined;
}

/** `payments, ledger and 3 more`. */
export function joinList(names: string[], total = names.length, shown = 3): string {
  const first = names.slice(0, shown).join(', ');
  return total > shown ? `${first} and ${total - Math.min(shown, names.length)} more` : first;
}
