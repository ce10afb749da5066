import { describe, expect, it } from 'vitest'
import type { Table } from '../../src/data/table.js'
import type { CohortWork } from '../../src/engine/workers/executor.js'
import { Foreman } from '../../src/engine/workers/foreman.js'
import type { Missing, Order } from '../../src/engine/workers/orders.js'
import { recipeOf } from '../../src/engine/program/recipe.js'
import { trainingOf } from './flight.js'

const table: Table = {
  rows: 4,
  categorical: new Int32Array(0),
  numeric: new Float32Array(0),
  labels: new Float32Array(4),
}

describe('a foreman', () => {
  it('supplies all that any worker lacked, when an order goes from worker to worker', async () => {
    const recipe = recipeOf(trainingOf(), 'p', 4)
    const work: CohortWork = { kind: 'score', program: 'p', jobs: ['a', 'b'].map((data) => ({
      kind: 'score', client: data, program: 'p', data, parameters: new Float32Array(1),
    })) }
    // Two workers, of which each has the table that the other lacks; an order goes to the one that waited longer.
    const has = [new Set(['a']), new Set(['b'])]
    const sent: string[][] = []
    const send = (order: Order): Promise<{ kind: 'done'; results: [] } | Missing> => {
      const holds = has[sent.length % 2]
      const brought = (order.supplies?.tables ?? []).map(({ handle }) => handle)
      sent.push(brought)
      if (sent.length > 10) throw new Error('to and fro')
      const tables = ['a', 'b'].filter((handle) => !holds.has(handle) && !brought.includes(handle))
      return Promise.resolve(tables.length > 0 ? { kind: 'missing', program: false, parts: [], tables } : { kind: 'done', results: [] })
    }
    const stock = { recipe: () => recipe, compiled: () => { throw new Error('nobody lacks a graph') } }
    const foreman = new Foreman('worker threads', stock, {}, send)
    for (const handle of ['a', 'b']) foreman.register(handle, table)
    await foreman.run(work)
    expect(sent).toEqual([[], ['b'], ['b', 'a']])
  })
})
