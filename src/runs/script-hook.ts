import type { InitializeHook, ResolveHook } from 'node:module'

/*
 * How a script's imports are found, in Node's loader thread: `windtunnel` and TensorFlow.js are those of the command,
 * wherever the script lies, so that there is one copy of each; and a script is an ES module, whatever the nearest
 * package.json says.
 */

let base = ''

export const initialize: InitializeHook<{ readonly base: string }> = (data) => {
  base = data.base
}

const ours = /^(windtunnel|@tensorflow\/tfjs)(\/|$)/
const script = /\.(ts|mts|js|mjs)(\?|$)/

export const resolve: ResolveHook = async (specifier, context, next) => {
  if (ours.test(specifier)) return next(specifier, { ...context, parentURL: base })
  const found = await next(specifier, context)
  const local = found.url.startsWith('file:') && !found.url.includes('/node_modules/') && script.test(found.url)
  return local ? { ...found, format: 'module' } : found
}
