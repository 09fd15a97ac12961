// Bounds how long a request waits for a store: a client that holds its commands back until Redis is there again must
// not hold the request back with them.

/** The store did not answer in time, or failed; the cause says which. */
export class UnavailableError extends Error {}

export const ANSWER_MS_MAX = 3_000;

/** @throws UnavailableError when there is no answer in time or the connection fails; other errors pass through. */
export async function within<T>(answer: Promise<T>, ms = ANSWER_MS_MAX): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new UnavailableError(`No answer within ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    if (error instanceof Error && isConnectionError(error)) {
      throw new UnavailableError('Redis can not be reached.', { cause: error });
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function isConnectionError(error: Error): boolean {
  return (
    error.name === 'MaxRetriesPerRequestError' || /connection is closed|ECONN|timed out/i.test(error.message)
  );
}
