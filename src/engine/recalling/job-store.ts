/** Finished jobs by their keys: where results are put, and found again. Neither call throws. */
export interface JobStore {
  /** What was put under a key before this flight; undefined where nothing was, or where it cannot be read any more. */
  get(key: string): Uint8Array | undefined
  put(key: string, value: Uint8Array): void
}
