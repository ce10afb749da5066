import { readFileSync } from 'node:fs'
import { arch, cpus } from 'node:os'

/** What of a processor decides the last bits of native arithmetic, and its name for people. */
export interface Processor {
  /** `x64-avx512`, `x64-avx2`, `x64`, `arm64`: runs on one kind give the same numbers. */
  readonly kind: string
  readonly model: string
}

/** The kind that an architecture and the flags of /proc/cpuinfo (none where there is no such file) stand for. */
export const kindOf = (architecture: string, flags: readonly string[]): string => {
  if (architecture !== 'x64') return architecture
  const widest = [
    ['avx512f', 'avx512'],
    ['avx2', 'avx2'],
    ['avx', 'avx'],
  ].find(([flag]) => flags.includes(flag))
  return widest ? `x64-${widest[1]}` : 'x64'
}

const flagsOf = (cpuinfo: string): string[] => (/^flags\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? '').split(/\s+/)

/** This machine's processor. */
export const thisProcessor = (): Processor => {
  let cpuinfo = ''
  try {
    cpuinfo = readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    // Not Linux: the architecture alone names the kind.
  }
  return { kind: kindOf(arch(), flagsOf(cpuinfo)), model: cpus()[0]?.model.trim() ?? 'unknown' }
}
