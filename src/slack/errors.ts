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

/** Codes of an outage of Slack's own: they pass by themselves. */
const outageErrors = [
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'rate_limited',
];

/**
 * Tells whether Slack refused a call: it answered, with a code that is none of an outage. The set of its codes is open, so what is
 * not known counts as a refusal.
 */
export function isRefusal(error: unknown): boolean {
  const code = slackErrorCode(error);
  return code !== undefined && !outageErrors.includes(code);
}

/** Codes that only an operator can resolve: they end the start, and are logged as errors where they come later. */
export const fatalErrors: readonly string[] = [
  ...authErrors,
  'missing_scope',
  'team_disabled',
  'user_removed_from_team',
];

/** Says what to configure, where an error is one that only an operator can resolve; undefined for the others. */
export function slackConfigError(error: unknown): string | undefined {
  const code = slackErrorCode(error) ?? slackErrorCode(error instanceof Error ? error.cause : undefined);
  if (!code || !fatalErrors.includes(code)) return undefined;
  const scope = code === 'missing_scope' ? ' The app-level token needs the scope connections:write.' : '';
  return `Slack does not accept the token (${code}). Set SLACK_BOT_TOKEN and SLACK_APP_TOKEN to the ones of your app.${scope}`;
}
