import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { StorageError } from '../../errors.js'
import { modelFile } from '../../flight/start.js'
import { whiches } from '../../flight/trained-model.js'
import { decodeTensorFile, encodeTensorFile, type FiledTensor } from '../../network/tensor-file.js'
import type { RoundSummary } from '../../flight/round-summaries.js'
import type { MetricRow } from '../../record/rows.js'
import { realDisk } from '../../runs/disk.js'
import { rowFiles } from '../../runs/files.js'
import { manifestFile, readManifest } from '../../runs/manifest.js'
import { readRows } from '../../runs/rows.js'
import { demandSound } from '../../runs/seal.js'
import { AskedRuns } from '../query/ask-runs.js'
import { tableNames } from '../../runs/tables/tables.js'
import { tensorBoardEvents } from './tensorboard.js'

export const exportFormats = ['csv', 'parquet', 'json', 'tensorboard', 'safetensors'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** Names of the files that were written. */
export type Exported = readonly string[]

const tablesOf = async (folder: string, out: string, format: 'csv' | 'parquet' | 'json'): Promise<Exported> => {
  const asked = await AskedRuns.open([folder])
  try {
    const files: string[] = []
    for (const table of tableNames) {
      const file = `${table}.${format}`
      await asked.write(`FROM ${table}`, join(out, file), format)
      files.push(file)
    }
    return files
  } finally {
    asked.close()
  }
}

const sound = (folder: string, files: readonly string[]): void => {
  const manifest = readManifest(folder, realDisk)
  for (const file of [manifestFile, ...files]) demandSound(folder, file, manifest, realDisk)
}

const forTensorBoard = (folder: string, out: string): Exported => {
  sound(folder, [rowFiles.metrics, rowFiles.rounds])
  const metrics = readRows<MetricRow>(folder, rowFiles.metrics, realDisk)
  const rounds = readRows<RoundSummary>(folder, rowFiles.rounds, realDisk)
  const file = 'events.out.tfevents.0.windtunnel'
  writeFileSync(join(out, file), tensorBoardEvents(metrics, rounds))
  return [file]
}

/** `client-NL/expert-2/weight` is of `client-NL/expert-2`: what comes before the name of the segment. */
const partOf = (name: string): string => name.slice(0, name.lastIndexOf('/'))

/** A file for each part, `selected/trunk.safetensors`, and for what a client serves in its place, `selected/client-NL/trunk.safetensors`. */
const modelsOf = (folder: string, out: string): Exported => {
  const written: string[] = []
  for (const which of whiches) {
    const file = modelFile(which)
    if (!realDisk.exists(join(folder, file))) continue
    sound(folder, [file])
    const read = decodeTensorFile(realDisk.readBytes(join(folder, file)))
    if (read === undefined) throw new StorageError(`${join(folder, file)} is not what a run writes. Fly it again.`)
    const parts = new Map<string, FiledTensor[]>()
    for (const tensor of read.tensors.values()) {
      const part = partOf(tensor.name)
      const own = { ...tensor, name: tensor.name.slice(part.length + 1) }
      const known = parts.get(part)
      if (known === undefined) parts.set(part, [own])
      else known.push(own)
    }
    for (const [part, tensors] of parts) {
      const name = `${which}/${part}.safetensors`
      mkdirSync(join(out, name, '..'), { recursive: true })
      writeFileSync(join(out, name), encodeTensorFile(tensors, { ...read.metadata, part }))
      written.push(name)
    }
  }
  if (written.length === 0) throw new StorageError(`${folder} has no models: fly it with evaluate: { models: true }.`)
  return written
}

/** Writes what a run holds for other tools, into a folder that is there. Throws a `StorageError` for what it does not hold. */
export const exportRun = async (folder: string, out: string, format: ExportFormat): Promise<Exported> => {
  switch (format) {
    case 'csv':
    case 'parquet':
    case 'json':
      return tablesOf(folder, out, format)
    case 'tensorboard':
      return forTensorBoard(folder, out)
    case 'safetensors':
      return modelsOf(folder, out)
    default:
      return format satisfies never
  }
}
