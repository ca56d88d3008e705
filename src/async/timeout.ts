/** Resolves to the result of `work`, or to `otherwise` after `milliseconds`. Passes a rejection on; `work` itself goes on. */
export async function withTimeout<T, U>(milliseconds: number, work: Promise<T>, otherwise: U): Promise<T | U> {
  const late = Promise.withResolvers<U>();
  const timer = setTimeout(() => late.resolve(otherwise), milliseconds);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
