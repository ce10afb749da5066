import { createHash } from 'node:crypto'
import type { Table } from '../../data/table.js'
import type { ScoreJob, TrainJob, Training } from '../engine.js'
import { canonical } from '../program/identity.js'
import { scoreRows } from '../program/programs.js'
import { recipeOf } from '../program/recipe.js'

type Job = TrainJob | ScoreJob
type Bytes = Pick<Uint8Array, 'buffer' | 'byteOffset' | 'byteLength'>

const bytesOf = ({ buffer, byteOffset, byteLength }: Bytes): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength)
const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')

/** What the host feeds a program by: it is not all in the graphs, whose hash the program's handle is. */
export const recipeHash = (training: Training, program: string): string =>
  sha256(canonical(recipeOf(training, program, scoreRows)))

/** A hash of what engines read of a table. */
export const tableHash = ({ rows, categorical, numeric, labels, weights }: Table): string => {
  const hash = createHash('sha256').update(canonical({ rows, weighted: weights !== undefined }))
  for (const column of [categorical, numeric, labels, weights]) {
    if (column === undefined) continue
    hash.update(`${column.constructor.name} ${column.length}\n`).update(bytesOf(column))
  }
  return hash.digest('hex')
}

/**
 * Hashes of vectors, for jobs that are given at once. Clients that begin a round with the same model bring copies of it:
 * comparing one with the last that was hashed takes a tenth of the time that hashing takes.
 */
class Vectors {
  readonly #known = new Map<Bytes, string>()
  #last: { readonly bytes: Uint8Array; readonly hash: string } | undefined

  hashOf(vector: Bytes): string {
    const known = this.#known.get(vector)
    if (known !== undefined) return known
    const bytes = bytesOf(vector)
    if (this.#last === undefined || Buffer.compare(this.#last.bytes, bytes) !== 0) {
      this.#last = { bytes, hash: sha256(bytes) }
    }
    this.#known.set(vector, this.#last.hash)
    return this.#last.hash
  }
}

/** What the names in jobs stand for. */
export interface Meanings {
  /** Hash of the program's recipe. */
  readonly recipe: (program: string) => string
  /** Hash of the table's content. */
  readonly table: (handle: string) => string
}

/** Vectors become hashes, whatever field they are in. */
const withHashes = (value: unknown, vectors: Vectors): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) return { [value.constructor.name]: value.byteLength, sha256: vectors.hashOf(value) }
  if (Array.isArray(value)) return value.map((entry) => withHashes(entry, vectors))
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withHashes(entry, vectors)]))
}

/**
 * The keys of jobs: SHA-256, hexadecimal, over all that decides their results. Every field of a job counts, so that one
 * that is added to jobs is not forgotten here, but `client`: it is in errors alone. Programs and tables count by what
 * they are and not by what they are called.
 */
export const jobKeys = (jobs: readonly Job[], meanings: Meanings): string[] => {
  const vectors = new Vectors()
  return jobs.map((given) => {
    const { client: _, ...job } = given
    const { program, data } = job
    const history = job.kind === 'score' && job.history !== undefined ? meanings.table(job.history) : undefined
    const named = { ...job, program: [program, meanings.recipe(program)], data: meanings.table(data), history }
    return sha256(canonical(withHashes(named, vectors)))
  })
}
