/** Work that is not waited for longer than a time limit. */

/** What `work` comes to, or `otherwise` where it takes longer than `milliseconds`. A rejection is passed on. */
export async function withTimeout<T, U>(milliseconds: number, work: Promise<T>, otherwise: U): Promise<T | U> {
  const late = Promise.withResolvers<U>();
  const timer = setTimeout(() => late.resolve(otherwise), milliseconds);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
