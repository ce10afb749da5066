import type { Disk } from './disk.js'
import { sha256 } from './hash.js'
import { readManifest, type Manifest } from './manifest.js'

/** JSON with the fields of every object in the order of their names. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

/** What decides a run's result and is known before it is flown. */
export type Identified = Pick<Manifest, 'specification' | 'seeds' | 'engine' | 'data' | 'script' | 'functions' | 'start' | 'plan'> & {
  readonly versions: Readonly<Record<string, string>>
}

/**
 * A hash of all that decides a run; its script counts only where the specification has functions of it, a model that it
 * starts from by its content.
 */
export const identityOf = ({ specification, seeds, engine, data, script, functions, start, plan, versions }: Identified): string =>
  sha256(canonical([
    specification, seeds, engine, data, functions.length > 0 ? script?.sha256 : null, versions.windtunnel ?? null,
    ...(start === undefined ? [] : [start.sha256]), ...(plan === undefined ? [] : [{ plan }]),
  ]))

/** Is the run in this folder complete, and the one that would be flown? */
export const isFlown = (folder: string, identity: string, disk: Disk): boolean => {
  try {
    const manifest = readManifest(folder, disk)
    return manifest.status === 'complete' && identityOf(manifest) === identity
  } catch {
    return false
  }
}

/** The manifest of the run that would be flown, where it lies in this folder and was broken off. */
export const brokenOff = (folder: string, identity: string, disk: Disk): Manifest | undefined => {
  try {
    const manifest = readManifest(folder, disk)
    return manifest.status !== 'complete' && identityOf(manifest) === identity ? manifest : undefined
  } catch {
    return undefined
  }
}

/** The first thing in which two runs are not the same flight, in words; undefined where they are. */
export const differenceOf = (a: Manifest, b: Manifest): string | undefined => {
  const scripts = a.functions.length + b.functions.length > 0
  const sides = (manifest: Manifest) => ({
    seed: manifest.seed,
    specification: manifest.specification,
    seeds: manifest.seeds,
    engine: manifest.engine,
    data: manifest.world.origins,
    traces: manifest.traces,
    start: manifest.start?.sha256,
    plan: manifest.plan,
    script: scripts ? manifest.script?.sha256 : undefined,
    version: manifest.versions.windtunnel,
  })
  return firstDifference(sides(a), sides(b), '')
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** `rounds.count is 20 there and 5 here`. */
const firstDifference = (a: unknown, b: unknown, path: string): string | undefined => {
  if (isObject(a) && isObject(b) && Array.isArray(a) === Array.isArray(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const inner = path === 'specification' || path === '' ? key : `${path}.${key}`
      const found = firstDifference(a[key], b[key], inner)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (JSON.stringify(a) === JSON.stringify(b)) return undefined
  return `${path} is ${brief(a)} there and ${brief(b)} here`
}

const brief = (value: unknown): string => {
  const text = value === undefined ? 'absent' : JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}
