/** What is wrong with the arguments or the environment, in a sentence for the operator. */
export class UsageError extends Error {}

/** Tells whether arguments ask how the program is used. */
export const asksForHelp = (args: string[]): boolean => args.includes('--help') || args.includes('-h');
