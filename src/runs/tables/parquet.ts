import type { SchemaElement } from 'hyparquet'
import { ByteWriter, parquetWriteRows } from 'hyparquet-writer'

import { runTables, type TableName } from './tables.js'

/** A column as Parquet has it, and how a value of a row becomes one of it. */
interface Kind {
  readonly schema: (name: string) => SchemaElement[]
  readonly value: (value: unknown) => unknown
}

const plain = (type: SchemaElement['type'], more: Partial<SchemaElement> = {}): Kind => ({
  schema: (name) => [{ name, type, repetition_type: 'OPTIONAL', ...more }],
  value: (value) => value,
})

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const
const whole = (value: unknown): bigint => BigInt(value as number)

/** By the names that the tables' columns have for them. */
const kinds: Readonly<Record<string, Kind>> = {
  BIGINT: { ...plain('INT64'), value: whole },
  INTEGER: plain('INT32'),
  DOUBLE: plain('DOUBLE'),
  FLOAT: plain('FLOAT'),
  VARCHAR: plain(text.type, { converted_type: text.converted_type }),
  'VARCHAR[]': {
    schema: (name) => [
      { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', ...text, repetition_type: 'OPTIONAL' },
    ],
    value: (value) => value,
  },
  'MAP(VARCHAR, BIGINT)': {
    schema: (name) => [
      { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'MAP' },
      { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
      { name: 'key', ...text, repetition_type: 'REQUIRED' },
      { name: 'value', type: 'INT64', repetition_type: 'OPTIONAL' },
    ],
    value: (value) => new Map(Object.entries(value as Record<string, number>).map(([key, one]) => [key, whole(one)])),
  },
}

/** Rows of one group: what of them is held at once. */
const groupSize = 50_000

/** A table of a run as a Parquet file: the same rows give the same bytes. A field that a row does not have is null. */
export const parquetOf = (table: TableName, rows: Iterable<Readonly<Record<string, unknown>>>): Uint8Array => {
  const columns = Object.entries(runTables[table].columns).map(([name, { type }]) => ({ name, kind: kinds[type] }))
  const written = function* (): Generator<Record<string, unknown>> {
    for (const row of rows) {
      const values = columns.map(({ name, kind }) => [name, row[name] === undefined || row[name] === null ? null : kind.value(row[name])] as const)
      yield Object.fromEntries(values)
    }
  }
  const writer = new ByteWriter()
  void parquetWriteRows({
    writer, rows: written(), columns: columns.map(({ name }) => ({ name })), rowGroupSize: groupSize, createdBy: 'windtunnel',
    schema: [{ name: 'root', num_children: columns.length }, ...columns.flatMap(({ name, kind }) => kind.schema(name))],
  })
  return new Uint8Array(writer.getBuffer())
}
