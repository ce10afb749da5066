type StageOf<Data> = Data extends readonly (infer Stage)[] ? Stage : Data

/** A codec as data, or a list of them, which another can follow. */
export type Chained<Data> = Data & {
  /** What follows codes what this one leaves to it: `rows().then(topK({ share: .01 })).then(fp16())`. A chain is a list, as in a file. */
  then<Next extends object>(next: Next): Chained<(StageOf<Data> | StageOf<Next>)[]>
}

/**
 * Gives plain data the word `then`, which no copy, comparison or file sees. Something that has it is taken for a promise where
 * it is awaited by itself: then it is the data.
 */
export const chained = <Data extends object>(stage: Data): Chained<Data> => {
  const then = (next: unknown): unknown => {
    if (typeof next === 'function') return (next as (data: object) => void)(Array.isArray(stage) ? [...(stage as object[])] : { ...stage })
    return chained([stage, next].flat())
  }
  // oxlint-disable-next-line unicorn/no-thenable -- awaited by itself it is the data, see above
  return Object.defineProperty(stage, 'then', { value: then, enumerable: false }) as Chained<Data>
}
