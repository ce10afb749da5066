import type { Body } from './body.js'
import { checkTrained } from './check-trained.js'
import { cost } from '../graph/cost.js'
import type { Cost, Prepared, Training } from '../engine.js'
import type { Graph } from '../graph/graph.js'
import { programHandle } from './identity.js'
import { scoringBody, trainingBody } from './program.js'
import { balanceRecipeOf, recipeOf, type Part, type Recipe } from './recipe.js'
import type { Compiled } from '../runtime.js'
import { trace } from '../trace/trace.js'

/** Rows of one run of the forward pass. More than 256 gain nothing, and small tables would be mostly padding. */
export const scoreRows = 256

/** One program and what has been made of it so far. */
interface Program {
  training: Training
  readonly prepared: Prepared
  readonly recipe: Recipe
  readonly graphs: Map<Part, Graph>
  readonly compiled: Map<Part, Compiled>
}

/**
 * The programs of an engine, by handle. The single step and the scoring pass are recorded at once, since they decide
 * identity and cost; the chunk is recorded, and every part emitted, when first asked for.
 */
export class Programs {
  private readonly programs = new Map<string, Program>()

  constructor(
    private readonly engine: string,
    private readonly emit: (graph: Graph) => Compiled,
  ) {}

  /** Records a training. Preparing the same again gives the same handle. */
  prepare(training: Training): Prepared {
    const step = trace(trainingBody(training, 1))
    const score = trace(scoringBody(training, scoreRows))
    const { optimizer, batch, chunk, weighting } = training
    const balance = balanceRecipeOf(training)
    const own = { optimizer, ...(balance && { balance }), ...(weighting && { weighting }), batch, chunk }
    const handle = programHandle({ engine: this.engine, step, score, ...own })
    const known = this.programs.get(handle)
    if (known) {
      known.training = training
      return known.prepared
    }
    checkTrained(training)
    const prepared = { program: handle, cost: cost(step) }
    this.programs.set(handle, {
      training,
      prepared,
      recipe: recipeOf(training, handle, scoreRows),
      graphs: new Map<Part, Graph>([['step', step], ['score', score]]),
      compiled: new Map(),
    })
    return prepared
  }

  training(handle: string): Training | undefined {
    return this.programs.get(handle)?.training
  }

  /** Of one step of a program that was prepared. */
  cost(handle: string): Cost {
    return this.get(handle).prepared.cost
  }

  recipe(handle: string): Recipe {
    return this.get(handle).recipe
  }

  body(handle: string, part: Part): Body {
    const { training } = this.get(handle)
    if (part === 'score') return scoringBody(training, scoreRows)
    return trainingBody(training, part === 'chunk' ? training.chunk : 1)
  }

  graph(handle: string, part: Part): Graph {
    const { graphs } = this.get(handle)
    const known = graphs.get(part)
    if (known) return known
    const graph = trace(this.body(handle, part))
    graphs.set(part, graph)
    return graph
  }

  compiled(handle: string, part: Part): Compiled {
    const { compiled } = this.get(handle)
    const known = compiled.get(part)
    if (known) return known
    const made = this.emit(this.graph(handle, part))
    compiled.set(part, made)
    return made
  }

  private get(handle: string): Program {
    const program = this.programs.get(handle)
    if (!program) throw new RangeError(`no program ${handle}`)
    return program
  }
}
