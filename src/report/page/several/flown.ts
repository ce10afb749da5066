import { apartOf } from '../../../runs/comparison/label.js'
import { plural } from '../../format.js'
import { html, named, type Content } from '../html.js'
import type { Section } from '../page.js'
import { lines, notes, table } from '../pieces.js'
import { quoted } from '../../../runs/quoted.js'
import { placesOf } from './axes.js'
import type { RunSum, SeveralFacts, StudyFacts } from './read-several.js'

/** Lines of a list that are shown; what is more is counted. */
const most = 24
/** Fields by which something differs that are named. */
const mostFields = 6

const listed = (all: readonly string[], limit: number): string => (all.length <= limit ? all.join(', ') : `${all.slice(0, limit).join(', ')} and ${all.length - limit} more`)

/** The first run of each of some names. */
const firstOf = (runs: readonly RunSum[], names: readonly string[], of: 'condition' | 'variant'): readonly RunSum[] =>
  names.flatMap((name) => runs.find((run) => run[of] === name) ?? [])

const faultsOf = ({ manifest: { faults, specification } }: RunSum): Content => {
  if (faults === undefined) return plural(Array.isArray(specification.faults) ? specification.faults.length : 0, 'fault')
  return faults.length === 0 ? 'none' : listed(faults.map(({ text }) => text), 4)
}

/** Variants by the fields that set them apart; those of one condition, so that nothing else differs. */
const variantTable = ({ runs, variants, conditions, compared }: SeveralFacts): Content => {
  const among = conditions.map((condition) => runs.filter((run) => run.condition === condition))
  const fullest = among.reduce((a, b) => (new Set(b.map(({ variant }) => variant)).size > new Set(a.map(({ variant }) => variant)).size ? b : a))
  const first = firstOf(fullest, variants, 'variant')
  const apart = new Map(apartOf(first.map(({ manifest }) => manifest)).map((fields, i) => [first[i].variant, fields]))
  const baselines = 'baselines' in compared ? compared.baselines : []
  const rows = variants.slice(0, most).map((name) => {
    const own = runs.filter(({ variant }) => variant === name)
    const fields = apart.get(name)
    return [html`${named(name)}${baselines.includes(name) && ' (baseline)'}`, fields === undefined ? '-' : fields.length === 0 ? 'as the others' : listed(fields, mostFields), own.length]
  })
  return [table(['variant', 'what sets it apart', { title: 'runs', isNumber: true }], rows), variants.length > most && html`<p>And ${plural(variants.length - most, 'variant')} more.</p>`]
}

const conditionTable = ({ runs, conditions, calm }: SeveralFacts): Content => {
  const places = placesOf(runs)
  const first = firstOf(runs, conditions, 'condition')
  const apart = apartOf(first.map(({ manifest }) => manifest)).map((fields) => fields.filter((field) => /^(world|labels|schedule|network|devices|link|delivery)\b/.test(field)))
  const rows = first.slice(0, most).map((run, i) => {
    const at = [...(places.get(run.condition) ?? [])].map(([axis, value]) => `${axis}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    return [
      html`${named(run.condition)}${run.condition === calm && calm !== 'calm' && ' (calm)'}`, at.join(', ') || '-', faultsOf(run), listed(apart[i], mostFields) || '-',
      runs.filter(({ condition }) => condition === run.condition).length,
    ]
  })
  return [table(['condition', 'level', 'faults', 'what else sets it apart', { title: 'runs', isNumber: true }], rows), first.length > most && html`<p>And ${plural(first.length - most, 'condition')} more.</p>`]
}

/** Pairs that lack seeds which others have. */
const gaps = ({ runs, conditions, variants }: SeveralFacts): Content => {
  const seeds = [...new Set(runs.map(({ manifest }) => manifest.seed))]
  const lacking = conditions.flatMap((condition) => variants.flatMap((variant) => {
    const own = new Set(runs.filter((run) => run.condition === condition && run.variant === variant).map(({ manifest }) => manifest.seed))
    const missing = seeds.filter((seed) => !own.has(seed))
    return missing.length === 0 ? [] : [`${variant} under ${condition}: ${own.size === 0 ? 'no run' : `not with ${missing.length === 1 ? 'seed' : 'seeds'} ${listed(missing, 6)}`}`]
  }))
  return lacking.length > 0 && [html`<p>Not every variant is there with every seed under every condition:</p>`, notes([...lacking.slice(0, most), ...(lacking.length > most ? [`and ${lacking.length - most} more`] : [])])]
}

/** Runs of one variant, condition and seed: both are in every mean, as if seeds were more than they are. */
const twice = ({ runs }: SeveralFacts): Content => {
  const first = new Map<string, string>()
  const found = runs.flatMap(({ condition, variant, folder, manifest: { seed } }) => {
    const key = JSON.stringify([condition, variant, seed])
    const other = first.get(key)
    if (other === undefined) first.set(key, folder)
    return other === undefined ? [] : [`${folder} and ${other} are both ${variant} under ${condition} with seed ${seed}`]
  })
  return found.length > 0 && html`<p class="warning">${found.slice(0, 4).join('; ')}${found.length > 4 && ` and ${found.length - 4} more`}: means and bands count each of them. Leave one out.</p>`
}

const flags = ({ record }: StudyFacts): string =>
  Object.entries(record.flags).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    return value === undefined || value === false ? [] : value === true ? [` ${flag}`] : [value].flat().map((one) => ` ${flag} ${quoted(typeof one === 'string' ? one : JSON.stringify(one))}`)
  }).join('')

const again = ({ runs, studies }: SeveralFacts): Content => {
  const inside = new Set(studies.flatMap(({ folder }) => runs.filter((run) => run.folder.startsWith(`${folder}/`)).map((run) => run.folder)))
  const others = runs.filter(({ folder }) => !inside.has(folder))
  return [
    studies.map((study) => html`${lines('The command', `npx windtunnel ${study.record.command ?? 'study'} ${quoted(study.record.script.file)}${flags(study)} --out ${quoted(study.folder)}`)}
<p>Script <code>${study.record.script.file}</code> (SHA-256 <code>${study.record.script.sha256.slice(0, 16)}</code>). What is there already is not flown again; <code>--fresh</code> flies all of it.</p>`),
    others.length > 0 && lines('The commands', others.slice(0, most).map(({ folder }) => `npx windtunnel replay ${quoted(folder)}`).join('\n')),
    others.length > most && html`<p>And ${plural(others.length - most, 'run')} more.</p>`,
  ]
}

/** What was flown: variants, conditions and seeds, what differs between them, and how all is flown again. */
export const whatWasFlown = (facts: SeveralFacts): Section => {
  const { runs, studies } = facts
  const seeds = [...new Set(runs.map(({ manifest }) => manifest.seed))]
  const engines = [...new Set(runs.map(({ manifest }) => manifest.engine))]
  const worlds = [...new Set(runs.map(({ manifest: { world } }) => `${world.name}, ${plural(world.scenarios.length, 'scenario')}, ${world.tasks.length === 1 ? 'task' : 'tasks'} ${world.tasks.join(', ')}`))]
  const questions = studies.flatMap(({ record: { asks } }) => (asks === undefined ? [] : [asks.question]))
  return {
    id: 'flown', title: 'What was flown',
    content: html`
${questions.map((question) => html`<p><b>${question}</b></p>`)}
<p>Seeds ${listed(seeds, most)}. ${engines.length === 1 ? 'Engine' : 'Engines'} ${engines.join(', ')}. ${worlds.length === 1 ? 'World' : 'Worlds'}: ${listed(worlds, 4)}.</p>
<h3>Variants</h3>${variantTable(facts)}
<h3>Conditions</h3>${conditionTable(facts)}
${gaps(facts)}
${twice(facts)}
<h3>To fly it again</h3>${again(facts)}`,
  }
}
