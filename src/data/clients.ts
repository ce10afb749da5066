import { z } from 'zod'
import { DataError } from '../errors.js'
import type { Streams } from '../random/streams.js'
import { sharedDoubles, sharedFloats, sharedInts, type Table } from './table.js'
import type { Scenario, World } from './world.js'

/** How the users of a scenario are dealt out to clients: an option of every world that knows its users. */
export const clientsSchema = z
  .strictObject({
    by: z.literal('user'),
    count: z.int().min(1).optional().describe('clients of each scenario. Default: every user is one'),
    atLeast: z
      .int().min(1).default(1)
      .describe('training rows that a user needs to be a client alone; all others are one more client, `rest`'),
  })
  .describe('several clients in a scenario, each with all rows of some users: cross-device')

export type Clients = z.output<typeof clientsSchema>

/**
 * The same world with clients cut by user within each scenario, `NAME.1`, ... or `NAME.user-17`, ...: all rows of a
 * user in a scenario are one client's. With `count`, every user's client is drawn by itself, so that another user changes
 * nothing for the others; a client without training rows gives its users to the next. Scores stay those of scenarios:
 * over the rows of all its clients, each scored by its own client's model.
 *
 * Numeric columns stay as each scenario scaled them: most users have too few rows to scale by.
 */
export const cutByUser = (world: World, clients: Clients, streams: Streams): World => {
  let lost = 0
  const scenarios = world.scenarios.flatMap((scenario) => {
    const groups = clients.count === undefined
      ? onePerUser(scenario, clients.atLeast)
      : dealt(scenario, clients.count, streams)
    const cut = groups.map(({ name, users }): Scenario => ({
      name: `${scenario.name}.${name}`,
      of: scenario.name,
      ...(scenario.scales && { scales: scenario.scales }),
      train: rowsOf(scenario.train, users),
      validation: rowsOf(scenario.validation, users),
      test: rowsOf(scenario.test, users),
    }))
    const able = cut.filter(({ train }) => train.rows > 0)
    const scored = (some: readonly Scenario[]): number =>
      some.reduce((sum, { validation, test }) => sum + validation.rows + test.rows, 0)
    lost += scored(cut) - scored(able)
    return able
  })
  return {
    ...world,
    scenarios,
    notes: [
      ...world.notes,
      `${scenarios.length} clients, cut by user; numeric columns are scaled as their scenario's rows say`,
      ...(lost > 0
        ? [`${lost} rows to validate or test on are dropped: no client of their user has training rows`]
        : []),
    ],
  }
}

interface Group {
  readonly name: string
  readonly users: ReadonlySet<number>
}

/** Training rows of every user of a scenario, 0 for those who only validate or test, by user. */
const trainingRows = ({ name, train, validation, test }: Scenario): Map<number, number> => {
  const counts = new Map<number, number>()
  for (const table of [train, validation, test]) {
    if (table.rows > 0 && table.user === undefined) {
      throw new DataError(`scenario '${name}' does not say whose its rows are: \`clients\` needs a user column`)
    }
    table.user?.forEach((user) => counts.set(user, (counts.get(user) ?? 0) + Number(table === train)))
  }
  return new Map([...counts].sort(([a], [b]) => a - b))
}

const onePerUser = (scenario: Scenario, atLeast: number): Group[] => {
  const users = [...trainingRows(scenario)]
  const alone = users.filter(([, rows]) => rows >= atLeast)
  const rest = users.filter(([, rows]) => rows < atLeast)
  const groups = alone.map(([user]): Group => ({ name: `user-${user}`, users: new Set([user]) }))
  return rest.length === 0 ? groups : [...groups, { name: 'rest', users: new Set(rest.map(([user]) => user)) }]
}

const dealt = (scenario: Scenario, count: number, streams: Streams): Group[] => {
  const users = trainingRows(scenario)
  const shares = Array.from({ length: count }, () => new Set<number>())
  for (const user of users.keys()) {
    shares[Math.floor(streams('clients', scenario.name, user)() * count)].add(user)
  }
  const able = shares.map((share) => [...share].some((user) => (users.get(user) ?? 0) > 0))
  shares.forEach((share, i) => {
    if (able[i] || !able.includes(true)) return
    let next = i
    while (!able[next]) next = (next + 1) % count
    share.forEach((user) => shares[next].add(user))
    share.clear()
  })
  return shares.map((own, i) => ({ name: String(i + 1), users: own }))
}

/** The rows of some users, in their order. */
const rowsOf = (table: Table, users: ReadonlySet<number>): Table => {
  const rows: number[] = []
  table.user?.forEach((user, row) => {
    if (users.has(user)) rows.push(row)
  })
  const { categorical, numeric, labels, weights, user, time } = table
  const some = <A extends Int32Array | Float32Array | Float64Array>(from: A, make: (length: number) => A): A => {
    const width = table.rows === 0 ? 0 : from.length / table.rows
    const out = make(rows.length * width)
    rows.forEach((row, i) => out.set(from.subarray(row * width, (row + 1) * width), i * width))
    return out
  }
  return {
    rows: rows.length,
    categorical: some(categorical, sharedInts),
    numeric: some(numeric, sharedFloats),
    labels: some(labels, sharedFloats),
    ...(weights && { weights: some(weights, sharedFloats) }),
    ...(user && { user: some(user, sharedInts) }),
    ...(time && { time: some(time, sharedDoubles) }),
  }
}
