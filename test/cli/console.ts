import { main } from '../../src/cli/main.js'

/** What a command wrote, and its exit code. */
export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

const into = (lines: string[]) => ({ write: (text: string) => lines.push(text) })

/** Runs the command in this process, as if in a pipe. */
export const say = async (argv: readonly string[], cwd = process.cwd()): Promise<Said> => {
  const [out, err]: string[][] = [[], []]
  const code = await main(argv, { out: into(out), err: into(err), cwd })
  return { code, out: out.join(''), err: err.join('') }
}
