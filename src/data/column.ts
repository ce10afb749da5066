const chunkRows = 65_536

type Typed = Float64Array | Float32Array | Int32Array

/** A typed column that grows chunk by chunk while a file is read, so that no row is ever moved twice. */
export interface Column<A extends Typed> {
  readonly push: (value: number) => void
  /** All values in one array. Releases the chunks: the column is empty afterwards. */
  readonly take: () => A
}

const growing = <A extends Typed>(make: (length: number) => A): Column<A> => {
  let full: A[] = []
  let current = make(chunkRows)
  let used = 0
  return {
    push: (value) => {
      if (used === chunkRows) {
        full.push(current)
        current = make(chunkRows)
        used = 0
      }
      current[used++] = value
    },
    take: () => {
      const all = make(full.length * chunkRows + used)
      full.forEach((chunk, i) => all.set(chunk, i * chunkRows))
      all.set(current.subarray(0, used), full.length * chunkRows)
      full = []
      current = make(0)
      used = chunkRows
      return all
    },
  }
}

export const doubles = (): Column<Float64Array> => growing((length) => new Float64Array(length))
export const floats = (): Column<Float32Array> => growing((length) => new Float32Array(length))
export const integers = (): Column<Int32Array> => growing((length) => new Int32Array(length))
