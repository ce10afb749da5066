import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { ensureRuntime } from '../engine/onnx/fetch-runtime.js'
import { abridged, exitCodes } from '../errors.js'
import { packageFolder } from '../package.js'
import { ruleNames } from '../runs/count-as/count-run.js'
import { ats, type At } from '../runs/comparison/gather.js'
import { drawnKinds } from '../faults/turn.js'
import { varied } from '../lab/explore/draw-case.js'
import { folderJsonSchema } from '../data/schema.js'
import { didYouMean } from '../documents/did-you-mean.js'
import { documentJsonSchema } from '../runs/sweep/schema.js'
import { blameRun, type BlameFlags } from './blame.js'
import { codecs, type CodecsFlags } from './codecs.js'
import { compareRuns, formats, type CompareFlags } from './compare.js'
import { addDataCommand } from './inspect.js'
import { explore, type ExploreFlags } from './explore.js'
import { list } from './list.js'
import { costKindsOf } from './cost-table.js'
import { engine, folderPath, gather, oneOf, oneOfMany, part, seed, share, whole, workers } from './options.js'
import { plan } from './plan.js'
import { replay } from './replay.js'
import { resume, type ResumeFlags } from './resume.js'
import { refuteClaim, type RefuteFlags } from './refute.js'
import { run, type RunFlags, type Terminal } from './run.js'
import { shrink, type ShrinkFlags } from './shrink.js'
import { study, type StudyFlags } from './study.js'
import { sweep, type SweepFlags } from './sweep.js'
import { showRun, type ShowFlags } from './show.js'
import { exportFormats, exportRun, exportRunHelp, type ExportRunFlags } from './export-run.js'
import { query, queryFormats, queryHelp, type QueryFlags } from './query.js'
import { reportHelp, reportRuns, type ReportFlags } from './report.js'
import { timeline, timelineHelp, type TimelineFlags } from './timeline.js'
import { verify, type VerifyFlags } from './verify.js'
import { visible } from './visible.js'
import { sheetFormats } from './sheet.js'
import { says } from './says.js'
import { whenRun, type WhenFlags } from './when.js'

const atNames = Object.keys(ats) as At[]

const codes = `
Exit codes:
  0 all well     2 specification, flags or script    4 a safety check failed    6 a replay differs
  1 a crash      3 data                              5 a round can never close  7 the run folder
  8 nothing differs, but not all could be compared     9 training diverged     130 Ctrl-C
  10 a claim was refuted                              11 a claim is not shown even without faults`

const examples = {
  program: `
Examples:
  npx windtunnel run simulations/first-flight.ts
  npx windtunnel run simulations/first-flight.ts --seed 7 --set rounds.count=5
  npx windtunnel replay runs/first-flight-7
${codes}`,
  run: `
The script is TypeScript or JavaScript with \`export default simulation({ ... })\`, or the same as YAML or JSON.
--set takes the path of any field and a YAML value; null takes a field away. The run of the same flight (seed, settings,
data) is replaced; where the default folder holds another one, the next free name is taken (runs/NAME-SEED-2). With --out
it is refused, unless you --force. Anything that is not a run is never overwritten.

While it flies, what has been trained lies in a log beside the run (jobs.log), from which \`resume\` goes on after a crash or
Ctrl-C. It goes when the run is complete; with --keep-jobs it stays.

Examples:
  npx windtunnel run simulations/first-flight.ts --seed 7 --workers 4
  npx windtunnel run plan.yaml --set rounds.count=5 --set 'faults=[]' --set local.optimizer.rate=1e-2
  npx windtunnel run simulations/first-flight.ts --plan plan.json --check once --check rounds
  npx windtunnel run simulations/first-flight.ts --data path/to/kuairand_pure --json > summary.json`,
  plan: `
The table says what each fault is, the timelines whom it hits in which rounds or at what time: a letter for one fault, a
number where several are there. An edited plan is flown with the same --seed: it holds the draws of the faults alone.

Examples:
  npx windtunnel plan simulations/first-flight.ts --seed 7
  npx windtunnel plan simulations/first-flight.ts --seed 7 --json > plan.json
  npx windtunnel run simulations/first-flight.ts --seed 7 --plan plan.json`,
  replay: `
Flies the run again from its manifest and compares events, then numbers: bit by bit on the same kind of processor,
within a tolerance on another. Prints the first event that differs, with its virtual time and actor (exit code 6).
Refuses a script or data that changed. Writes nothing. All is trained again, unless --jobs reads it from the log that
\`run --keep-jobs\` left; then nothing is said of the training itself (exit code 8).

Example:
  npx windtunnel replay runs/first-flight-1`,
  resume: `
Flies the run again from time 0, with the jobs that it had finished read from its log, into the same folder: the digest is
that of the run that nothing broke off. Of a run that is complete it says so. Refuses a script, data or a version that
changed, another kind of processor, and a run that another process still flies. Of a study it flies what is missing, with
the flags that it was begun with.

Examples:
  npx windtunnel resume runs/first-flight-1
  npx windtunnel resume runs/strategies`,
  study: `
The script is TypeScript or JavaScript with \`export default study(({ full }) => ({ ... }))\`: variants under conditions,
each tuned on validation, flown with the same seeds and paired against baselines. Runs that are complete are not flown
again, so an interrupted study goes on where it was. Progress goes to standard error, the table to standard output.

Examples:
  npx windtunnel study simulations/tables/strategies.ts --seeds 2 --summary
  npx windtunnel study simulations/tables/strategies.ts --full --format latex > strategies.tex`,
  sweep: `
FILE is a simulation, with the axes as flags, or a file that says them: YAML with a field \`sweep\`, or a script with
\`export default sweep({ base, grid, ... })\`. Every combination of --grid, --point and --random is flown with every seed, on
all cores. Runs that are complete are not flown again, so a sweep that was broken off goes on where it was; those that failed
say why, end nothing else, and are tried again by the same command. The folder is a study: compare reads it. See docs/sweeps.md.

Examples:
  npx windtunnel sweep simulations/first-flight.ts --grid local.epochs=1,2 --grid strategy.kind=fedavg,fedprox --seeds 3
  npx windtunnel sweep simulations/first-flight.ts --random 'local.optimizer.rate=log(1e-4,1e-1)' --draws 20
  npx windtunnel sweep simulations/sweep.yaml --shard 1/2 --out runs/first-half`,
  explore: `
Kinds of faults are switched on and off first, weighed second, given an intensity third; rounds, delivery, checkpoints,
selection, a calm phase and the size of the federation are drawn beside them. Stops at the first failure, unless it is to
--collect. The exit code is that of the first: 4 a check, 5 a flight that can never end, 1 a crash, 6 one that was another
when it was flown again. See docs/explore.md.

Examples:
  npx windtunnel explore simulations/first-flight.ts --plans 500
  npx windtunnel explore simulations/first-flight.ts --plans 2000 --directed --collect --json > found.json
  npx windtunnel explore simulations/first-flight.ts --fault crash --fault lose --vary rounds --vary delivery
  npx windtunnel explore simulations/first-flight.ts --backward --rounds 3`,
  shrink: `
The specification alone is tried first; then faults that never struck are left out, then as many others as can be; then
there are fewer rounds, clients and expert networks, and what is left is made as mild as can be. What remains is varied, and
what may be anything is said to be. The folder is a run: story.txt and minimal.ts in it say what broke. See docs/shrink.md.

Examples:
  npx windtunnel shrink runs/first-flight-1
  npx windtunnel explore simulations/first-flight.ts --collect --json > found.json
  npx windtunnel shrink found.json --case 17
  npx windtunnel replay runs/first-flight-1-shortest`,
  show: `
Prints the tables that \`run\` printed at the end, from what the folder holds; nothing is flown. Of a run that is still flown, was
broken off or failed it prints what is there, and says so (exit code 8). Refuses files that are not as the run wrote them.
--count-as reads the run's data too, for what its messages hold; it refuses a script or data that changed.

Examples:
  npx windtunnel show runs/first-flight-1
  npx windtunnel show runs/first-flight-1 --json > summary.json
  npx windtunnel show runs/first-flight-1 --count-as flower
  npx windtunnel show runs/first-flight-1 --cost energy,money --set costs.radio=lte --set costs.tariff.up=4`,
  verify: `
Says of each run whether its manifest and every file in it are as the run wrote them. What \`replay\` re-derives by flying,
this only looks up: rows that were changed together with the hashes are found by \`replay\` alone.

Examples:
  npx windtunnel verify runs/first-flight-1
  npx windtunnel verify runs`,
  compare: `
Folders are of runs, or lie above them (tuning's are left out). Runs are grouped into variants and conditions: as their
study says, or by where their specifications differ. Each variant is paired with each baseline, seed by seed. The order
is that of the folders; without --baseline the first variant is it.

Examples:
  npx windtunnel compare runs/strategies --baseline fedavg --summary
  npx windtunnel compare runs/fedavg-* runs/fedprox-* --metric log-loss --at last --format csv > table.csv`,
  blame: `
Flies a run again without each of its faults, with several seeds and otherwise the same chance, and prices each: scores, virtual
time, bytes, wasted examples. Pairs are flown where each by itself does not explain what all do. Refuses what \`replay\` refuses.

Examples:
  npx windtunnel blame runs/first-flight-1
  npx windtunnel blame runs/first-flight-1 --seeds 10 --shapley --at last --format csv > prices.csv`,
  when: `
The condition is METRIC[ of SCENARIO/TASK][@ROUND] < VALUE, or >: on validation, or with \`test\` before it. Flies on from several
moments of the run with fresh chance, the past being the same, and prints how probable the outcome was from each. A score that is
exactly VALUE is not so. Of equal jumps the earliest is told.

Examples:
  npx windtunnel when runs/first-flight-1 'auc < .65'
  npx windtunnel when runs/first-flight-1 'test auc of store-1/ctr > .6' --flights 40 --planned`,
  refute: `
Looks for the mildest faults under which a ranking flips. Each side of the claim is a variant where SCRIPT is a study; else
a kind of strategy, rounds, selection, model or balancer, a setting as --set takes it, \`own\` for the simulation as it is, or
several with " + " between. Both meet the same plans and the same chance. Exit codes: 0 not refuted, 10 refuted, 11 not shown
even without faults. See docs/refute.md.

Examples:
  npx windtunnel refute simulations/first-flight.ts 'own > fedprox' --metric 'worst auc' --plans 50
  npx windtunnel refute simulations/first-flight.ts 'rounds.quorum=3 > rounds.quorum=6' --fault slow --fault away --metric 'time to auc .6'
  npx windtunnel refute simulations/tables/strategies.ts 'fedprox > fedavg' --under 'divergence 0.5' --by .005`,
  codecs: `
Flies a few rounds of SCRIPT, or of a small simulation of its own, and puts what its actors sent through every codec, and
through some that follow each other: bits by the published formula, bits as packed here, after lossless, error, speed.

Examples:
  npx windtunnel codecs
  npx windtunnel codecs simulations/first-flight.ts --rounds 5 --json > codecs.json
  npx windtunnel codecs --formulas`,
  list: `
WHAT is one of models, balancers, strategies, rounds, worlds, faults, devices, radios, checks and marks, or one kind of them, which is shown
with its options and their defaults; all without it.

Examples:
  npx windtunnel list strategies
  npx windtunnel list fedprox
  npx windtunnel list --json > catalogue.json`,
  engine: `
The first flight does the same. Installed as a package, windtunnel brings everything but onnxruntime-node: npm fetches that
from its registry, without its install script, into ~/.cache/windtunnel (WINDTUNNEL_CACHE names another folder).

Example:
  npx windtunnel engine`,
  schema: `
For editors and validators: the JSON Schema (draft 2020-12) of YAML and JSON simulations, or of the schema.yaml that says
what a folder of data means.

Examples:
  npx windtunnel schema > simulation.schema.json
  npx windtunnel schema folder > folder.schema.json`,
}

const version = (): string =>
  (JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string }).version

/** The command as commander knows it; `done` takes the exit code of whichever subcommand ran. */
export const program = (streams: Terminal, done: (code: number) => void): Command => {
  const root = new Command('windtunnel')
  root
    .description(
      'A wind tunnel for federated recommenders: real training in virtual time, scripted faults, every byte counted.',
    )
    .version(version(), '--version', 'print the version')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void streams.out.write(text),
      writeErr: (text) => void streams.err.write(text),
      outputError: (text, write) => write(abridged(text)),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .addHelpText('after', examples.program)
  root
    .command('run')
    .argument('<script>', 'simulation to fly (.ts, .mts, .js, .mjs, .yaml, .yml, .json)')
    .description('fly a simulation, write its run folder, print what came of it')
    .option('--seed <seed>', 'seed of everything that is drawn (default: 1)', seed)
    .option('--workers <n>', 'worker threads; never changes a result (default: one per core)', workers)
    .option('--engine <name>', 'onnx; tfjs-node: native TensorFlow, for large models; tfjs: slow, same numbers everywhere; tfjs-node-eager (default: onnx)', engine)
    .option('--data <dir>', 'fly on the data in this folder instead of the script’s world')
    .option('--out <dir>', 'run folder (default: runs/NAME-SEED, or the next free name)', folderPath)
    .option('--force', 'replace the run of another flight that is there')
    .option('--json', 'print the final summary as one JSON object, and nothing else, on standard output')
    .option('--quiet', 'print nothing but errors')
    .option('--set <path=value>', 'set a field of the specification; may be given again', gather)
    .option('--plan <file>', 'fly this plan of faults, in place of what the specification’s draw')
    .option('--check <name>', 'watch this check alone, or all, or none; may be given again (default: all)', gather)
    .option('--no-job-log', 'keep no log of what was trained: nothing to resume from')
    .option('--keep-jobs', 'keep that log when the run is complete, for replay --jobs')
    .option('--parquet', 'write every table of the run as Parquet, too: events, ledger, ..., predictions')
    .option('--cost <kinds>', 'with what it cost: energy, money or energy,money (default: what the specification prices)', costKindsOf)
    .addHelpText('after', examples.run)
    .action(async (script: string, flags: RunFlags) => done(await run(script, flags, streams)))
  root
    .command('plan')
    .argument('<script>', 'simulation whose faults are drawn')
    .description('print what the faults of a simulation draw: who is hit, and when; nothing is flown')
    .option('--seed <seed>', 'as for run (default: 1)', seed)
    .option('--data <dir>', 'as for run')
    .option('--set <path=value>', 'as for run', gather)
    .option('--json', 'print the plan as JSON, to be edited and flown with run --plan')
    .addHelpText('after', examples.plan)
    .action(async (script: string, flags: RunFlags) => done(await plan(script, flags, streams)))
  root
    .command('replay')
    .argument('<run>', 'folder of a run')
    .description('fly a run again and compare')
    .option('--workers <n>', 'worker threads; never changes a result (default: one per core)', workers)
    .option('--json', 'print the result as one JSON object, and nothing else, on standard output')
    .option('--quiet', 'print nothing but errors')
    .option('--jobs', 'read finished jobs from the log that run --keep-jobs left, in place of training')
    .addHelpText('after', examples.replay)
    .action(async (folder: string, flags: RunFlags & { jobs?: boolean }) => done(await replay(folder, flags, streams)))
  root
    .command('resume')
    .argument('<run>', 'folder of a run or study that was broken off')
    .description('end a run that was killed or interrupted, without training again what it had trained')
    .option('--workers <n>', 'worker threads; never changes a result (default: one per core)', workers)
    .option('--keep-jobs', 'keep the log of finished jobs when the run is complete')
    .option('--parquet', 'write every table of the run as Parquet, too')
    .option('--json', 'print the final summary as one JSON object, and nothing else, on standard output')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', examples.resume)
    .action(async (folder: string, flags: ResumeFlags) => done(await resume(folder, flags, streams)))
  root
    .command('explore')
    .argument('<script>', 'simulation to explore')
    .description('draw plans of faults, rounds and settings around a simulation, fly them without training, watch every check')
    .option('--plans <n>', 'how many are drawn and flown', whole(1), 1000)
    .option('--seed <seed>', 'of what is drawn; case n is the same whatever else is flown (default: 1)', seed)
    .option('--rounds <n>', 'rounds of each flight', whole(1), 6)
    .option('--fault <kind>', 'draw faults of this kind; may be given again (default: all)', oneOfMany(drawnKinds))
    .option('--vary <what>', `${varied.join(', ')}: vary this beside faults; may be given again (default: all; with --backward: nothing)`, oneOfMany(varied))
    .option('--intensity <share>', 'how wild faults may be, from 0 to 1 (default: 1)', part)
    .option('--check <name>', 'as for run', gather)
    .option('--twice <share>', 'share of the cases that are flown twice, which must come to the same (default: 0.1)', part)
    .option('--compared <share>', 'share of the cases that the checks isolation and reference compare with other flights (default: 0.1, or all with --check of one)', part)
    .option('--collect', 'go on after a failure')
    .option('--no-shrink', 'leave the first failure as it was drawn, instead of looking for the simplest that fails so; without --out')
    .option('--directed', 'make half of the cases of those that reached what none before had')
    .option('--backward', 'draw nothing: take away, by as few messages and lives as can be, all that the outcome of a good flight rests on')
    .option('--cuts-up-to <n>', 'with --backward: so many messages and lives at once, at most (default: 2)', whole(1))
    .option('--each-name', 'with --backward: fly all cuts, and not one of those that differ only in which clients and experts they hit')
    .option('--train <engine>', 'train for real, with onnx or tfjs; twice means with two workers then', oneOf(['onnx', 'tfjs'] as const))
    .option('--workers <n>', 'threads that fly; never changes a result (default: one per core)', workers)
    .option('--data <dir>', 'as for run')
    .option('--set <path=value>', 'as for run', gather)
    .option('--out <dir>', 'folder of the simplest that fails (default: runs/NAME-SEED-shortest, or the next free name)', folderPath)
    .option('--force', 'replace the run that is there')
    .option('--json', 'print it as one JSON object, and nothing else, on standard output')
    .option('--quiet', 'print nothing but failures')
    .addHelpText('after', examples.explore)
    .action(async (script: string, { fault, workers: own, ...flags }: Omit<ExploreFlags, 'workers' | 'kinds'> & { fault?: string[]; workers?: number }) =>
      done(await explore(script, { ...flags, kinds: fault, workers: own ?? availableParallelism() }, streams)))
  root
    .command('shrink')
    .argument('<run>', 'folder of a run that failed, or a file of what explore --json printed')
    .description('find the simplest that fails in the same way, what of it is only an example, and what led there')
    .option('--out <dir>', 'folder of what was found: a run that replay takes (default: runs/NAME-SEED-shortest, or the next free name)', folderPath)
    .option('--force', 'replace the run that is there')
    .option('--flights <n>', 'most flights (default: 1000)', whole(1))
    .option('--case <n>', 'of what explore printed: this case (default: the first that failed)', whole(0))
    .option('--train', 'train with the run’s engine, also where it fails so without training')
    .option('--workers <n>', 'worker threads; never changes a result (default: one per core)', workers)
    .option('--json', 'print it as one JSON object, and nothing else, on standard output')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', examples.shrink)
    .action(async (given: string, flags: ShrinkFlags) => done(await shrink(given, flags, streams)))
  root
    .command('show')
    .argument('<run>', 'folder of a run')
    .description('print the tables of a run that was flown, as at its end')
    .option('--count-as <rule>', `${ruleNames.join(', ')}: print its bytes as that simulator counts them, beside the ledger's`, oneOf(ruleNames))
    .option('--cost <kinds>', 'as for run', costKindsOf)
    .option('--set <path=value>', 'set what things cost, such as costs.radio=lte; may be given again', gather)
    .option('--json', 'print the summary as one JSON object, and nothing else, on standard output')
    .addHelpText('after', examples.show)
    .action(async (folder: string, flags: ShowFlags) => done(await showRun(folder, flags, streams)))
  root
    .command('query')
    .argument('<runs and sql...>', 'folders of runs, or folders above them; and one query in SQL, in quotes')
    .description('ask runs in SQL: events, messages, trainings, scores, rounds, faults and predictions as tables')
    .option('--format <format>', queryFormats.join(', '), oneOf(queryFormats))
    .option('--out <file>', 'where to, instead of standard output')
    .option('--force', 'replace the file that --out names')
    .addHelpText('after', queryHelp)
    .action(async (given: string[], flags: QueryFlags) => done(await query(given, flags, streams)))
  root
    .command('export')
    .argument('<run>', 'folder of a run')
    .description('write what a run holds for other tools: tables, TensorBoard events, models')
    .requiredOption('--to <format>', exportFormats.join(', '), oneOf(exportFormats))
    .requiredOption('--out <folder>', 'where to: a folder that is not there yet')
    .option('--json', 'print what was written as one JSON object, and nothing else, on standard output')
    .addHelpText('after', exportRunHelp)
    .action(async (folder: string, flags: ExportRunFlags) => done(await exportRun(folder, flags, streams)))
  root
    .command('report')
    .argument('<run...>', 'folders of runs, or folders above them')
    .description('write one HTML file about runs: what was flown, what came out, what it cost, what went wrong, whether it can be trusted')
    .option('--out <file>', 'where to; beside the folder when absent')
    .option('--force', 'replace the file that --out names')
    .option('--json', 'print what was written as one JSON object, and nothing else, on standard output')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', reportHelp)
    .action(async (given: string[], flags: ReportFlags) => done(await reportRuns(given, flags, streams)))
  root
    .command('timeline')
    .argument('<run>', 'folder of a run')
    .description('write the timeline of a run as a trace that Perfetto opens: a row for each actor, arrows from message to message')
    .option('--out <file>', 'where to; beside the folder of the run when absent')
    .option('--force', 'replace the file that --out names')
    .option('--json', 'print what was written as one JSON object, and nothing else, on standard output')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', timelineHelp)
    .action(async (folder: string, flags: TimelineFlags) => done(await timeline(folder, flags, streams)))
  root
    .command('verify')
    .argument('<run...>', 'folders of runs, or folders above them')
    .description('see whether runs are as they were written, by the hashes in their manifests; nothing is flown')
    .option('--json', 'print the result as one JSON object, and nothing else, on standard output')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', examples.verify)
    .action((folders: string[], flags: VerifyFlags) => done(verify(folders, flags, streams)))
  root
    .command('study')
    .argument('<script>', 'study to fly (.ts, .mts, .js, .mjs)')
    .description('fly every run of a study that is not there yet, print its table of paired comparisons')
    .option('--full', 'the size that a claim needs, instead of minutes')
    .option('--seeds <n>', 'seeds of every variant, instead of the study’s own number', whole(1))
    .option('--only <variant>', 'fly and compare this variant; may be given again (default: all)', gather)
    .option('--under <condition>', 'fly under this condition; may be given again (default: all)', gather)
    .option('--baseline <variant>', 'compare with this variant; may be given again (default: the study’s)', gather)
    .option('--metric <name>', 'compare this, as for compare (default: the study’s)')
    .option('--within <budget>', 'as for compare (default: the study’s)')
    .option('--at <round>', 'as for compare (default: the study’s)', oneOf(atNames))
    .option('--by-rows', 'means over scenarios weigh each by its test rows (default: the study’s)')
    .option('--data <dir>', 'where the data lies that the study reads; without it, it leaves such worlds out')
    .option('--out <dir>', 'folder of all its runs (default: runs/NAME, or runs/NAME-full)', folderPath)
    .option('--engine <name>', 'as for run (default: onnx)', engine)
    .option('--workers <n>', 'worker threads; never changes a result (default: one per core)', workers)
    .option('--flights <n>', 'how many runs are flown at once; never changes a result (default: 1)', workers)
    .option('--fresh', 'fly again what is there already')
    .option('--parquet', 'write every table of each run as Parquet, too')
    .option('--summary', 'the means over scenarios and the worst scenario, without each scenario')
    .option('--format <name>', `${formats.join(', ')} (default: text)`, oneOf(formats))
    .option('--quiet', 'print the table alone')
    .addHelpText('after', examples.study)
    .action(async (script: string, flags: StudyFlags) => done(await study(script, flags, streams)))
  root
    .command('sweep')
    .argument('<file>', 'sweep, or simulation that flags vary (.ts, .mts, .js, .mjs, .yaml, .yml, .json)')
    .description('fly a simulation at many points of its settings, on all cores, and print a table of what came of it')
    .option('--grid <path=values>', 'values of a field, between commas; may be given again: every combination is flown', gather)
    .option('--point <values>', 'values that go together, { PATH: VALUE, PATH: VALUE }; may be given again', gather)
    .option('--random <path=draw>', 'where values are drawn from: log(FROM,TO), uniform(FROM,TO), integer(FROM,TO), of(VALUE,VALUE); may be given again', gather)
    .option('--draws <n>', 'how many points are drawn; draw n is the same however many there are', whole(1, 100_000))
    .option('--draw-seed <seed>', 'seed of what is drawn (default: 1)', seed)
    .option('--seeds <n>', 'runs of every point: seeds 1, 2, ... (default: the sweep’s, or 1)', whole(1, 100_000))
    .option('--shard <i/n>', 'fly this part alone, such as 1/2; the parts may go to one folder or to several')
    .option('--metric <name>', 'as for compare: the second score of the table (default: that by which models are judged)')
    .option('--set <path=value>', 'set a field of the simulation, as for run; may be given again', gather)
    .option('--data <dir>', 'as for run')
    .option('--out <dir>', 'folder of all its runs (default: runs/NAME)', folderPath)
    .option('--flights <n>', 'how many runs are flown at once; never changes a result (default: one per core)', workers)
    .option('--workers <n>', 'worker threads of each flight; never changes a result (default: none where several are flown at once)', workers)
    .option('--engine <name>', 'as for run (default: onnx)', engine)
    .option('--fresh', 'fly again what is there already')
    .option('--parquet', 'write every table of each run as Parquet, too')
    .option('--format <name>', `${sheetFormats.join(', ')} (default: text); csv and json have every run`, oneOf(sheetFormats))
    .option('--quiet', 'print the table alone')
    .addHelpText('after', examples.sweep)
    .action(async (file: string, flags: SweepFlags) => done(await sweep(file, flags, streams)))
  root
    .command('compare')
    .argument('<run...>', 'folders of runs, or folders above them')
    .description('print a table of paired comparisons between runs')
    .option('--baseline <variant>', 'compare with this variant; may be given again (default: the first)', gather)
    .option('--metric <name>', 'auc, log-loss, ... as metrics.ndjson names it, or "time to auc .7", "bytes to log-loss .4", joules, money (default: auc)')
    .option('--within <budget>', 'rounds within "10000 examples", "5 min" of virtual time or "3 MB" alone')
    .option('--set <path=value>', 'with --metric joules or money: set what things cost, such as costs.radio=lte; may be given again', gather)
    .option('--at <round>', 'selected (best on validation), own (of each scenario), last, mean (default: selected)', oneOf(atNames))
    .option('--by-rows', 'means over scenarios weigh each by its test rows')
    .option('--level <share>', 'of the confidence intervals (default: 0.95)', share)
    .option('--gain', 'with the relative gain over all tasks, in percent (MTL gain against a single-task baseline)')
    .option('--samples <n>', 'bootstrap samples of users, where users are known (default: 400)', whole(2))
    .option('--summary', 'the means over scenarios and the worst scenario, without each scenario')
    .option('--format <name>', `${formats.join(', ')} (default: text)`, oneOf(formats))
    .addHelpText('after', examples.compare)
    .action((folders: string[], flags: CompareFlags) => done(compareRuns(folders, flags, streams)))
  root
    .command('blame')
    .argument('<run>', 'folder of a run')
    .description('fly a run again without each of its faults, and say what each cost')
    .option('--seeds <n>', 'seeds of every flight, the run’s own first (default: 5)', whole(1))
    .option('--metric <name>', 'the score that is priced (default: auc)')
    .option('--at <round>', 'selected (best on validation) or last (default: selected)', oneOf(['selected', 'last']))
    .option('--level <share>', 'of the confidence intervals (default: 0.95)', share)
    .option('--shapley', 'split fairly what the faults do together: exact for up to six, by drawn orders beyond')
    .option('--orders <n>', 'pairs of orders that are drawn for a seed (default: 10)', whole(1))
    .option('--workers <n>', 'worker threads; never changes a result (default: one per core)', workers)
    .option('--format <name>', `${sheetFormats.join(', ')} (default: text)`, oneOf(sheetFormats))
    .option('--quiet', 'print the table alone')
    .addHelpText('after', examples.blame)
    .action(async (folder: string, flags: BlameFlags) => done(await blameRun(folder, flags, streams)))
  root
    .command('when')
    .argument('<run>', 'folder of a run')
    .argument('<condition>', 'such as "auc < .65"')
    .description('say when an outcome of a run became inevitable')
    .option('--flights <n>', 'how many go on from each moment (default: 20)', whole(1))
    .option('--moments <n>', 'from how many moments at most (default: 12)', whole(1))
    .option('--planned', 'faults of the plan strike also where they had not by the moment')
    .option('--level <share>', 'of the intervals (default: 0.95)', share)
    .option('--workers <n>', 'worker threads; never changes a result (default: one per core)', workers)
    .option('--format <name>', `${sheetFormats.join(', ')} (default: text)`, oneOf(sheetFormats))
    .option('--quiet', 'print the table alone')
    .addHelpText('after', examples.when)
    .action(async (folder: string, condition: string, flags: WhenFlags) => done(await whenRun(folder, condition, flags, streams)))
  root
    .command('refute')
    .argument('<script>', 'simulation or study that the claim is about')
    .argument('<claim>', 'such as "fedprox > fedavg" or "strategy.mu=0.1 > own"')
    .description('look for the mildest plan of faults under which a claimed ranking flips')
    .option('--metric <name>', 'auc, "worst auc", "test log-loss of NL/ctr", "time to auc .7", "virtual time", bytes, ... (default: auc)')
    .option('--by <amount>', 'the claim is that the first is better by more than this: .01, "30 s", "3 MB" (default: 0)')
    .option('--at <round>', 'selected (best on validation) or last (default: selected)', oneOf(['selected', 'last']))
    .option('--plans <n>', 'how many plans are drawn (default: 200)', whole(1))
    .option('--intensity <share>', 'how wild faults may be, from 0 to 1 (default: 1)', part)
    .option('--fault <kind>', 'draw faults of this kind; may be given again (default: all)', oneOfMany(drawnKinds))
    .option('--seeds <n>', 'seeds of the claim without faults, and fresh ones of every confirmation (default: 10)', whole(2))
    .option('--screen <n>', 'seeds with which a plan must flip it before it is made milder (default: 5)', whole(1))
    .option('--plan <file>', 'look at this plan alone, on fresh seeds: a list of faults, or what plan --json writes')
    .option('--a <path=value>', 'set a field of the first side alone; may be given again', gather)
    .option('--b <path=value>', 'set a field of the second side alone; may be given again', gather)
    .option('--set <path=value>', 'set a field of both sides, as for run', gather)
    .option('--under <condition>', 'of a study: under this condition')
    .option('--full', 'of a study: at the size that a claim needs')
    .option('--level <share>', 'of the confidence intervals (default: 0.95)', share)
    .option('--seed <seed>', 'of the world, of what is drawn, and the first of all seeds (default: 1)', seed)
    .option('--engine <name>', 'as for run (default: onnx)', engine)
    .option('--workers <n>', 'worker threads; never changes a result (default: one per core)', workers)
    .option('--data <dir>', 'as for run, or as for study')
    .option('--out <file>', 'write all that came of it to this file, as JSON')
    .option('--format <name>', `${sheetFormats.join(', ')} (default: text)`, oneOf(sheetFormats))
    .option('--quiet', 'print the result alone')
    .addHelpText('after', examples.refute)
    .action(async (script: string, claim: string, { fault, ...flags }: Omit<RefuteFlags, 'kinds'> & { fault?: string[] }) =>
      done(await refuteClaim(script, claim, { ...flags, kinds: fault }, streams)))
  root
    .command('codecs')
    .argument('[script]', 'simulation whose updates and models are coded (default: a small one on made-up storefronts)')
    .description('code what a flight sends with every codec: bytes by formula, as packed, after lossless; error and speed')
    .option('--seed <seed>', 'as for run (default: 1)', seed)
    .option('--rounds <n>', 'rounds that are flown (default: 3, or fewer where the simulation has fewer)', whole(1))
    .option('--workers <n>', 'worker threads; never changes a byte or an error (default: one per core, at most 4)', workers)
    .option('--engine <name>', 'as for run', engine)
    .option('--data <dir>', 'as for run')
    .option('--set <path=value>', 'as for run', gather)
    .option('--formulas', 'print how others count each codec, with where that was read, and fly nothing')
    .option('--json', 'print the tables as one JSON object, and nothing else, on standard output')
    .option('--quiet', 'print no progress')
    .addHelpText('after', examples.codecs)
    .action(async (script: string | undefined, flags: CodecsFlags) => done(await codecs(script, flags, streams)))
  root
    .command('list')
    .argument('[what]', 'models, balancers, strategies, rounds, worlds, faults, devices, radios, checks, marks, or a kind such as fedprox')
    .description('print what a simulation can name, each with a sentence and its source')
    .option('--json', 'print one JSON object, and nothing else, on standard output')
    .addHelpText('after', examples.list)
    .action((what: string | undefined, flags: { json?: boolean }) => done(list(what, flags, streams)))
  root
    .command('schema')
    .argument('[of]', 'simulation, or folder: the schema.yaml of a folder of data', oneOf(['simulation', 'folder']))
    .description('print the JSON Schema of a simulation, or of a folder of data')
    .addHelpText('after', examples.schema)
    .action((of: string | undefined) => {
      streams.out.write(`${JSON.stringify(of === 'folder' ? folderJsonSchema() : documentJsonSchema(), null, 2)}\n`)
      done(exitCodes.ok)
    })
  root
    .command('engine')
    .description('fetch what the engine onnx runs on, so that flights need no registry')
    .addHelpText('after', examples.engine)
    .action(async () => {
      const folder = await ensureRuntime({ tell: (words) => void streams.err.write(`windtunnel: ${words}\n`) })
      streams.out.write(`${folder}\n`)
      done(exitCodes.ok)
    })
  addDataCommand(root, streams, done)
  root.commands.forEach((command) => command.exitOverride().showSuggestionAfterError(true).copyInheritedSettings(root))
  return root
}

const here: Terminal = { out: process.stdout, err: process.stderr, cwd: process.cwd() }

/** Runs the command; the result is the exit code. Never throws. */
export const main = async (argv: readonly string[], { out, err, cwd }: Terminal = here): Promise<number> => {
  const streams: Terminal = { out: visible(out), err: visible(err), cwd }
  let code: number = exitCodes.ok
  const root = program(streams, (result) => (code = result))
  try {
    if (argv.length === 0) {
      root.outputHelp({ error: true })
      return exitCodes.specification
    }
    await root.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.ok
      const hint = unknownName(error, root)
      if (hint) streams.err.write(`${hint}\n`)
      return exitCodes.specification
    }
    const { text, code: exit } = says(error)
    if (err.isTTY) err.write('\r\x1b[J')
    streams.err.write(`windtunnel: ${text}\n`)
    return exit
  }
}

/** The nearest known command, where commander's own suggestion found none. */
const unknownName = (error: CommanderError, root: Command): string => {
  if (error.code !== 'commander.unknownCommand' || error.message.includes('Did you mean')) return ''
  const given = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const known = root.commands.map((command) => command.name())
  const below = root.commands.flatMap((command) => command.commands.map((one) => [command.name(), one] as const)).find(([, one]) => one.name() === given)
  if (below !== undefined) {
    const [above, one] = below
    const usage = one.registeredArguments.map((argument) => ` <${argument.name()}>`).join('')
    return `It is "${above} ${given}${usage}": ${one.description()}. Commands: ${known.join(', ')}.`
  }
  return `${didYouMean(given, known)} Commands: ${known.join(', ')}.`.trim()
}
