import { StorageError } from '../../errors.js'

type Library = typeof import('@duckdb/node-api')

/** DuckDB, which is optional as its programs are not there for every kind of machine. */
export const loadDuckDb = async (): Promise<Library> => {
  try {
    return await import('@duckdb/node-api')
  } catch (cause) {
    throw new StorageError(
      'DuckDB is not installed here: it is an optional dependency, left out where npm was told to, or where there is none for this kind of ' +
        'machine. npm install --include=optional; or read the .ndjson files of the run with any other tool.',
      { cause },
    )
  }
}
