/** Lets so many works be under way at once; others wait for their turn, in the order in which they came. */
export const slots = (size: number): (<T>(work: () => Promise<T>) => Promise<T>) => {
  let free = size
  const waiting: (() => void)[] = []
  return async (work) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // A place goes to who waits, and is not given back in between.
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
