import { fileURLToPath } from 'node:url'

import ts from 'typescript'

const told = ({ messageText, start = 0, length = 0 }: ts.Diagnostic, text: string): string =>
  `'${text.slice(start, start + length)}': ${ts.flattenDiagnosticMessageText(messageText, '\n')}`

/** The compiler's words, and the code that they are about: of files that are nowhere but here, by name. */
export const compile = (files: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)) as { config: object }
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root)
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (path) => files.has(path) || fileExists(path)
  host.readFile = (path) => files.get(path) ?? readFile(path)
  host.getSourceFile = (path, ...rest) => {
    const text = files.get(path)
    return text === undefined ? getSourceFile(path, ...rest) : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return new Map(
    [...files.keys()].map((path) => {
      const found = program.getSemanticDiagnostics(program.getSourceFile(path))
      return [path, found.map((one) => told(one, files.get(path)!))] as const
    }),
  )
}
