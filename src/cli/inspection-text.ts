import { printable } from '../errors.js'
import { tellsAll } from '../inspection/alone.js'
import type { Distance, Drift } from '../inspection/drift.js'
import type { Inspection, TablePart } from '../inspection/inspect.js'
import { splits } from '../data/split.js'
import { cut, formatAuc, formatBytes, formatCount, formatScore, plural, wrap } from '../report/format.js'
import { table, type Align } from './table.js'

/** Scenarios, and rows of the longer tables, that are shown; the rest is in the JSON. */
const [mostScenarios, mostRows] = [12, 12]

const percent = (share: number): string => (Number.isNaN(share) ? '-' : `${(100 * share).toFixed(1)} %`)
const right = (count: number): Align[] => Array.from({ length: count }, () => 'right')
const day = (time: string | undefined): string => time?.slice(0, 10) ?? '-'
const more = (all: number, shown: number, what: string): string =>
  all > shown ? `\n… and ${plural(all - shown, what)} more: see --json` : ''

/** An inspection as tables for a terminal. */
export const inspectionText = (seen: Inspection, spec: object, width: number): string => {
  const said = `${seen.world}: ${plural(seen.scenarios.length, 'scenario')}, ${plural(seen.tasks.length, 'task')}, ` +
    `${plural(seen.vocabularies.length, 'categorical feature')}, ${plural(seen.numeric.length, 'numeric one')}`
  const files = seen.files.map(({ file, bytes }) => `  ${printable(file)} (${formatBytes(bytes)})`)
  const blocks = [
    [said, wrap(`split ${seen.split}`, width), wrap(`loaded with ${JSON.stringify(spec)}`, width), ...files].join('\n'),
    `Rows, and the mean of each label\n${scenarioTable(seen)}`,
    seen.vocabularies.length > 0 && `Vocabularies (id 0 is unknown)\n${vocabularyTable(seen)}`,
    `Drift\n${driftTable(seen)}`,
    seen.alone.length > 0 && `What one feature alone says of a label, on rows that do not train\n${aloneTable(seen)}`,
    `Features that may look ahead\n${lookAhead(seen, width)}`,
    seen.warnings.map((warning) => wrap(`warning: ${warning}`, width)).join('\n'),
    seen.notes.map((note) => wrap(`note: ${note}`, width)).join('\n'),
  ]
  return `${blocks.filter(Boolean).join('\n\n')}\n`
}

const scenarioTable = ({ scenarios, tasks }: Inspection): string => {
  const timed = scenarios.some(({ parts }) => parts.train.from !== undefined)
  const known = scenarios.some(({ parts }) => parts.train.users !== undefined)
  const cells = (part: TablePart): string[] => [
    formatCount(part.rows),
    ...(known ? [part.users === undefined ? '-' : formatCount(part.users)] : []),
    ...(timed ? [day(part.from), day(part.to)] : []),
    ...tasks.map(({ name, kind }) => {
      const { rows, mean } = part.labels[name]
      const value = kind === 'binary' ? percent(mean) : Number.isNaN(mean) ? '-' : mean.toFixed(3)
      return rows === part.rows || rows === 0 ? value : `${value} of ${formatCount(rows)}`
    }),
  ]
  const body = scenarios.slice(0, mostScenarios).flatMap(({ name, parts }) =>
    splits.map((split, i) => [i === 0 ? cut(name, 24) : '', split, ...cells(parts[split])]))
  const head = [
    'scenario', 'split', 'rows', ...(known ? ['users'] : []), ...(timed ? ['from', 'to'] : []),
    ...tasks.map(({ name }) => name),
  ]
  return table(head, ['left', 'left', ...right(head.length - 2)], body) +
    more(scenarios.length, mostScenarios, 'scenario')
}

const vocabularyTable = ({ vocabularies }: Inspection): string => {
  const body = vocabularies.slice(0, 2 * mostRows).map(({ feature, columns, size, unknown, top }) => [
    columns > 1 ? `${feature} (${columns} columns)` : feature,
    formatCount(size), percent(unknown.train), percent(unknown.test), percent(top),
  ])
  const head = ['feature', 'ids', 'unknown in train', 'unknown in test', 'most frequent']
  return table(head, ['left', ...right(4)], body) + more(vocabularies.length, 2 * mostRows, 'feature')
}

/** The scenario whose distance is furthest above what chance makes. */
const most = (distances: Readonly<Record<string, Distance>>) =>
  Object.entries(distances).reduce(
    (best, [name, { value, chance }]) =>
      value - chance > best.above ? { name, value, chance, above: value - chance } : best,
    { name: '-', value: NaN, chance: NaN, above: -Infinity },
  )

const shown = (distances: Readonly<Record<string, Distance>>): string[] => {
  const { name, value, chance } = most(distances)
  return Number.isNaN(value) ? ['-', '-', ''] : [value.toFixed(3), chance.toFixed(3), cut(name, 20)]
}

const measures = 'categorical: Jensen-Shannon divergence in bits, 0 the same to 1 nothing in common; numeric:\n' +
  'difference of means over the standard deviation. In the scenario where it is furthest above what\n' +
  'samples of these sizes have by chance'

const driftTable = ({ drift }: Inspection): string => {
  const largest = ({ between, later }: Drift): number => Math.max(most(between).above, most(later).above)
  const rows = (kind: Drift['kind']): string[][] =>
    drift.filter((one) => one.kind === kind).sort((a, b) => largest(b) - largest(a)).slice(0, mostRows)
      .map(({ feature, between, later }) => [feature, kind, ...shown(between), ...shown(later)])
  const body = [...rows('categorical'), ...rows('numeric')]
  const head = ['feature', 'kind', 'from others', 'chance', 'where', 'train to test', 'chance', 'where']
  const align: Align[] = ['left', 'left', 'right', 'right', 'left', 'right', 'right', 'left']
  return `${measures}\n${table(head, align, body)}${more(drift.length, body.length, 'feature')}`
}

/** Features of a task that are shown, the best. */
const mostAlone = 6

const aloneTable = ({ alone, tasks }: Inspection): string => {
  const own = tasks.map(({ name }) => alone.filter(({ task }) => task === name))
  const left = Math.max(...own.map(({ length }) => length - mostAlone))
  return table(
    ['task', 'feature', 'AUC'],
    ['left', 'left', 'right'],
    own.flatMap((some) => some.slice(0, mostAlone).map((one, i) => [i === 0 ? one.task : '', one.feature, formatAuc(one.auc, one)])),
  ) + (left > 0 ? `\n… and ${plural(left, 'weaker feature')} of a task: see --json` : '')
}

const lookAhead = ({ lookAhead: { likeTheLabel, later, timed } }: Inspection, width: number): string => {
  const lines: string[] = []
  if (likeTheLabel.length > 0) {
    lines.push(wrap(`As good as the label by themselves (AUC or rank correlation from ${tellsAll}): the label in disguise, ` +
      'or known only after it.', width, ''))
    lines.push(...likeTheLabel.map(({ feature, task, measure, score, on }) =>
      `  ${feature}: ${task}, ${measure === 'auc' ? 'AUC' : measure} ${formatScore(score)}` +
      (on === 'train' ? ' on training rows (the others have not both labels)' : '')))
  }
  if (later.length > 0) {
    lines.push(wrap('Constant per word over all days, and telling of the second half of the time what the first half ' +
      'does not: attributes known beforehand, or statistics that include later days. The data cannot say which; who ' +
      'made the column can.', width, ''))
    lines.push(laterTable(later))
  }
  if (!timed) lines.push('Rows have no time, so that statistics of a whole period cannot be looked for.')
  else if (later.length === 0) lines.push('No numeric feature looks like a statistic of the whole period.')
  if (likeTheLabel.length === 0) lines.push(`No feature alone is as good as a label (AUC or rank correlation from ${tellsAll}).`)
  return lines.join('\n')
}

/** The strongest finding of each feature. */
const laterTable = (later: Inspection['lookAhead']['later']): string => {
  const byFeature = new Map(later.toReversed().map((one) => [`${one.feature}\n${one.of}`, one]))
  const strongest = [...byFeature.values()].sort((a, b) => Math.abs(b.z) - Math.abs(a.z))
  const body = strongest.slice(0, 2 * mostRows).map(({ feature, of, tells, scenario, words, correlation, z }) =>
    [feature, of, tells, scenario, formatCount(words), correlation.toFixed(2), z.toFixed(1)])
  const head = ['feature', 'constant per', 'tells the later', 'in', 'words', 'partial correlation', 'z']
  return table(head, ['left', 'left', 'left', 'left', ...right(3)], body) +
    more(strongest.length, 2 * mostRows, 'feature')
}
