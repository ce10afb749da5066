import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'

/** The SHA-256 of a text or of bytes, as hexadecimal. */
export const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')

/** The SHA-256 of a file, or undefined when it cannot be read. */
export const sha256OfFile = (file: string): string | undefined => {
  try {
    return statSync(file).isFile() ? sha256(readFileSync(file)) : undefined
  } catch {
    return undefined
  }
}
