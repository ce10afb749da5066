import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

import { packageFolder } from '../package.js'

/** One frame of a stack: in what, in which file, and where in it. */
const frame = /^\s+at (?:(?:new )?(.+?) \()?((?:file:|\/|[A-Za-z]:[\\/]).*?)(?:\?\w*)?:(\d+):(\d+)\)?$/

/** What a stack says below its message, which may have lines like it. */
const framesOf = ({ stack = '', message }: Error): readonly string[] => {
  const start = stack.indexOf(message)
  return stack.slice(start < 0 ? 0 : start + message.length).split('\n')
}

/** Files of this package that fly, built or not, and of every library. */
const isOwn = (file: string, folder: string): boolean =>
  file.includes('/node_modules/') || ['src', 'scenarios', 'dist'].some((part) => file.startsWith(`${folder}/${part}/`))

/**
 * The place in a user's files where an error was thrown, or from where what threw it was called: `checks/own.ts:12:7`, with
 * line and column, and the path relative to `cwd`. Undefined where none of their functions was at work: what is asked is
 * synchronous, so that frames below the first asynchronous one are of whoever flies.
 */
export const scriptPlaceOf = (error: Error, cwd: string): string | undefined => {
  const folder = packageFolder().replaceAll('\\', '/')
  for (const line of framesOf(error)) {
    if (/^\s+at async /.test(line)) return undefined
    const found = frame.exec(line)
    if (found === null) continue
    const [, , address, row, column] = found
    const path = address.startsWith('file:') ? fileURLToPath(address) : address
    if (!isOwn(path.replaceAll('\\', '/'), folder)) return `${relative(cwd, path).replaceAll('\\', '/')}:${row}:${column}`
  }
  return undefined
}
