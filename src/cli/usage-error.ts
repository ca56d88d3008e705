/** What is wrong with the arguments or the environment, in a sentence for the operator. */
export class UsageError extends Error {}
