/*
 * What a script gives as `local.balance`: constructors of plain data, under the names that the papers gave.
 */
export { alignedGradients as alignedMtl } from './aligned-mtl.js'
export { conflictAverse as caGrad } from './cagrad.js'
export { decayingWeights } from './decay.js'
export { dynamicWeightAverage as dwa } from './dwa.js'
export { fixedWeights } from './fixed.js'
export { gradientSignDropout as gradDrop } from './grad-drop.js'
export { gradientNormalisation as gradNorm } from './grad-norm.js'
export { gradientVaccine as gradVac } from './grad-vac.js'
export { impartialLearning as imtl } from './imtl.js'
export { metaBalancing as metaBalance } from './meta-balance.js'
export { multipleGradientDescent as mgda } from './mgda.js'
export { nashBargaining as nashMtl } from './nash-mtl.js'
export { pcGrad } from './pcgrad.js'
export { pmtRec } from './pmtrec.js'
export { randomLossWeighting } from './rlw.js'
export { uncertaintyWeighting } from './uncertainty.js'
