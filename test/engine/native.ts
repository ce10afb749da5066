import { openEngine } from '../../src/engine/open.js'

/** Where this is set, a missing library is a failure and no reason to skip. */
const required = process.env.WINDTUNNEL_REQUIRE_NATIVE === '1'

/** Whether the engine tfjs-node can be had here; prints why not. Throws where it must be there. */
export const nativeHere = async (what: string): Promise<boolean> => {
  try {
    await (await openEngine({ engine: 'tfjs-node', workers: 1 })).close()
    return true
  } catch (error) {
    if (required) throw error
    process.stdout.write(`skipped: ${what}. ${error instanceof Error ? error.message : String(error)}\n`)
    return false
  }
}
