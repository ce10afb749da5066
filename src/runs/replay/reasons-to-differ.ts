import type { Manifest } from '../manifest.js'

/** Why this machine may give other last bits than the one of the run; empty where it may not. */
export const reasonsToDiffer = (
  manifest: Pick<Manifest, 'engine' | 'processor' | 'versions'>,
  here: Pick<Manifest, 'processor' | 'versions'>,
): string[] => {
  const tfjs = '@tensorflow/tfjs'
  if (manifest.engine === 'tfjs' && manifest.versions[tfjs] === here.versions[tfjs]) return []
  const reasons: string[] = []
  const then = manifest.processor.kind
  if (then !== here.processor.kind) reasons.push(`the run flew on ${then}, this is ${here.processor.kind}`)
  const own = manifest.engine.startsWith('tfjs-node') ? ['@tensorflow/tfjs-node', 'libtensorflow'] : ['onnxruntime-node']
  for (const library of manifest.engine === 'tfjs' ? [tfjs] : [...own, tfjs]) {
    const [was, is] = [manifest.versions[library], here.versions[library]]
    if (was !== is) reasons.push(`${library} was ${was ?? 'absent'}, now it is ${is ?? 'absent'}`)
  }
  return reasons
}
