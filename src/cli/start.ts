import { printable } from '../errors.js'
import { failFlights } from '../flight/strays.js'
import { watchPipe } from './closed-pipe.js'
import { main } from './main.js'
import { says } from './says.js'

/** What only a process of its own may do: it hears of errors that nobody caught, and of pipes that were closed. */
export const start = async (argv: readonly string[]): Promise<number> => {
  const onStray = (thrown: unknown): void => {
    if (failFlights(thrown)) return
    const { text, code } = says(thrown)
    process.stderr.write(`windtunnel: ${printable(text)}\n`)
    process.exit(code)
  }
  process.on('uncaughtException', onStray)
  process.on('unhandledRejection', onStray)
  for (const stream of [process.stdout, process.stderr]) watchPipe(stream, onStray)
  return main(argv)
}
