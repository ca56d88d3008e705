/** Errors of the Slack API, by Slack's own words. */
import { ErrorCode } from '@slack/web-api';

/** Slack's own word for what was wrong with a call, where it gave one. */
export function slackErrorCode(error: unknown): string | undefined {
  const platform = error instanceof Error && 'code' in error && error.code === ErrorCode.PlatformError;
  return platform && 'data' in error ? String(Object(error.data).error) : undefined;
}

/** Slack's words for a token that will never do. */
export const authErrors = [
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
];

/** Slack's words for what only an operator can fix: they end the start, and are logged as errors where they come later. */
export const fatalErrors: readonly string[] = [
  ...authErrors,
  'missing_scope',
  'team_disabled',
  'user_removed_from_team',
];

export function slackConfigError(error: unknown): string | undefined {
  const word = slackErrorCode(error) ?? slackErrorCode(error instanceof Error ? error.cause : undefined);
  if (!word || !fatalErrors.includes(word)) return undefined;
  const scope = word === 'missing_scope' ? ' The app-level token needs the scope connections:write.' : '';
  return `Slack does not accept the token (${word}). Set SLACK_BOT_TOKEN and SLACK_APP_TOKEN to the ones of your app.${scope}`;
}
