/** Error codes of the Slack API. */
import { ErrorCode } from '@slack/web-api';

/** Returns the code that Slack responded with, such as `channel_not_found`; undefined for any other error. */
export function slackErrorCode(error: unknown): string | undefined {
  const platform = error instanceof Error && 'code' in error && error.code === ErrorCode.PlatformError;
  return platform && 'data' in error ? String(Object(error.data).error) : undefined;
}

/** Codes for a token that Slack will not accept again. */
export const authErrors = [
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
];

/** Codes of an outage of Slack's own, of all methods: they pass by themselves. */
const outageErrors = [
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'rate_limited',
  // While a workspace moves into an organization.
  'team_added_to_org',
];

/**
 * Tells whether Slack refused a call: it answered, with a code that is none of an outage. The set of its codes is open, so what is
 * not known counts as a refusal.
 */
export function isRefusal(error: unknown): boolean {
  const code = slackErrorCode(error);
  return code !== undefined && !outageErrors.includes(code);
}

/**
 * Tells whether Slack refused a token, where all that a call needs is one (auth.test, apps.connections.open): only an operator can
 * resolve that, whatever the code. What is no code is the page of a proxy or of an outage.
 */
export function isTokenRefusal(error: unknown): boolean {
  return isRefusal(error) && /^\w+$/.test(slackErrorCode(error) ?? '');
}

/** Says what to configure, where a start fails with what only an operator can resolve; undefined for the others. */
export function slackConfigError(error: unknown): string | undefined {
  const refusal = [error, error instanceof Error ? error.cause : undefined].find(isTokenRefusal);
  if (refusal === undefined) return undefined;
  const code = slackErrorCode(refusal);
  const scope = code === 'missing_scope' ? ' The app-level token needs the scope connections:write.' : '';
  return `Slack does not accept the token (${code}). Set SLACK_BOT_TOKEN and SLACK_APP_TOKEN to the ones of your app.${scope}`;
}
