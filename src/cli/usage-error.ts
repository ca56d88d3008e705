/** What is wrong with the arguments or the environment, in a sentence for the operator. */
export class UsageError extends Error {}

/** Tells whether arguments ask how the program is used. */
export const asksForHelp = (args: string[]): boolean => args.includes('--help') || args.includes('-h');

/** Answers a command that takes no options where some are given: with its usage. Returns whether it is answered. */
export function answersOptions(args: string[], usage: string): boolean {
  if (args.length === 0) return false;
  const asked = asksForHelp(args);
  (asked ? process.stdout : process.stderr).write(`${usage}\n`);
  if (!asked) process.exitCode = 1;
  return true;
}
