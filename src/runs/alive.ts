import { readFileSync } from 'node:fs'

/** Does a process of this number run on this machine? One that belongs to somebody else does. */
export const isAlive = (process_: number): boolean => {
  try {
    process.kill(process_, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * When a process was started, in ticks since the machine was: numbers of processes are given again, this with the number is
 * not. Undefined where the system does not tell (it does on Linux).
 */
export const startOfProcess = (process_: number): string | undefined => {
  try {
    // What comes after the name, which may hold anything, in parentheses.
    const fields = readFileSync(`/proc/${process_}/stat`, 'utf8').replace(/^[^]*\) /, '').split(' ')
    return fields[19]
  } catch {
    return undefined
  }
}
