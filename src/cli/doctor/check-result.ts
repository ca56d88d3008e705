/** The results of checks: a line each, with how to fix what is wrong, and without secrets. */
import { WebAPIHTTPError, WebAPIRateLimitedError } from '@slack/web-api';
import { withTimeout } from '../../async/timeout.ts';
import { slackErrorCode } from '../../slack/errors.ts';

export type CheckResult = {
  /** `FAIL`: something does not work. `warn`: it may stop working, or could not be checked. */
  level: 'ok' | 'warn' | 'FAIL';
  /** What was checked: `token`, `channel C0PAY`. */
  about: string;
  /** Its state, and how to fix it. */
  what: string;
};

export const ok = (about: string, what: string): CheckResult => ({ level: 'ok', about, what });
export const warn = (about: string, what: string): CheckResult => ({ level: 'warn', about, what });
export const fail = (about: string, what: string): CheckResult => ({ level: 'FAIL', about, what });

export const formatResult = ({ level, about, what }: CheckResult): string => `${level.padEnd(4)}  ${about}: ${what}\n`;

/** Waits for a check. After `milliseconds`, returns `otherwise` with a failure. */
export async function checkWithTimeout<T extends { findings: CheckResult[] }>(
  about: string,
  milliseconds: number,
  check: Promise<T>,
  otherwise: Omit<T, 'findings'>,
): Promise<T | (Omit<T, 'findings'> & { findings: CheckResult[] })> {
  const late = { ...otherwise, findings: [fail(about, `no answer within ${milliseconds / 1000} seconds.`)] };
  return withTimeout(milliseconds, check, late);
}

/** Runs `work` for each item, four at a time, to spare the rate limits that the bot shares. Keeps the order. */
export async function checkEach<T, Result>(items: T[], work: (item: T) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const queue = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return results;
}

/** Says in a few words why a call to Slack failed. */
export function errorSummary(error: unknown): string {
  const code = slackErrorCode(error);
  if (code) return `Slack says ${code}`;
  if (error instanceof WebAPIRateLimitedError) return `Slack asks to wait ${error.retryAfter} seconds`;
  if (error instanceof WebAPIHTTPError) return `Slack answers with HTTP ${error.statusCode}`;
  return `Slack does not answer${errorCodeIn(error)}`;
}

/** Returns the code of a network or database error, from its causes too, in brackets. Never its message, which may hold secrets. */
export function errorCodeIn(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code = 'code' in error ? String(error.code) : '';
  const inner = errorCodeIn(error.cause) || (error.name === 'TimeoutError' ? ' (it takes too long)' : '');
  return inner || (/^[A-Z0-9_]{5,}$/.test(code) ? ` (${code})` : '');
}

/** Says how to fix an error of the network or a proxy; undefined for Slack's own errors. */
export const networkFix = (error: unknown): string | undefined => fixOf(errorCodeIn(error), 'SLACK_API_URL');

/** Says how to fix an error of the network or a proxy, by its code, on the way to `address`. */
export function fixOf(code: string, address: string): string | undefined {
  if (code.includes('ERR_PROXY'))
    return 'The proxy in HTTPS_PROXY lets nothing pass: see its address, its password and the hosts that it allows.';
  if (/CERT|VERIFY/.test(code))
    return 'The certificate is not trusted: where a proxy has one of its own, name the file of its authority in NODE_EXTRA_CA_CERTS.';
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|UNREACH/.test(code))
    return `See that this machine reaches ${address}, directly or through the proxy in HTTPS_PROXY.`;
  return undefined;
}

/** Joins names: `payments, ledger and 3 more`. */
export function joinList(names: string[], total = names.length, shown = 3): string {
  const first = names.slice(0, shown).join(', ');
  return total > shown ? `${first} and ${total - Math.min(shown, names.length)} more` : first;
}
