// src/errors.ts
var exitCodes = {
  ok: 0,
  /** Anything unforeseen: a bug of ours or of a script. */
  crash: 1,
  /** Wrong flags, a specification that breaks its schema, a script that cannot be loaded. */
  specification: 2,
  /** Data that is missing or malformed. */
  data: 3,
  /** A safety check failed while running. */
  safety: 4,
  /** The run could not go on: a round that can never close. */
  liveness: 5,
  /** A replay gave other events or numbers. */
  nondeterminism: 6,
  /** The run folder could not be written. */
  storage: 7,
  /** Ctrl-C: what was flown so far is in the run folder. */
  interrupted: 130
};
var WindtunnelError = class extends Error {
  exitCode = exitCodes.crash;
  get name() {
    return this.constructor.name;
  }
};
var SpecificationError = class extends WindtunnelError {
  exitCode = exitCodes.specification;
};
var DataError = class extends WindtunnelError {
  exitCode = exitCodes.data;
};

// src/random/streams.ts
import seedrandom from "seedrandom";

// src/random/digest.ts
var origin = { a: 1779033703, b: 3144134277, c: 1013904242, d: 2773480762 };
var digest = (from, text) => {
  let { a, b, c, d } = from;
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i);
    a = b ^ Math.imul(a ^ k, 597399067);
    b = c ^ Math.imul(b ^ k, 2869860233);
    c = d ^ Math.imul(c ^ k, 951274213);
    d = a ^ Math.imul(d ^ k, 2716044179);
  }
  return { a, b, c, d };
};
var scatter = (state) => {
  let a = Math.imul(state.c ^ state.a >>> 18, 597399067);
  let b = Math.imul(state.d ^ state.b >>> 22, 2869860233);
  let c = Math.imul(a ^ state.c >>> 17, 951274213);
  let d = Math.imul(b ^ state.d >>> 19, 2716044179);
  a ^= b ^ c ^ d;
  b ^= a;
  c ^= a;
  d ^= a;
  return { a: a >>> 0, b: b >>> 0, c: c >>> 0, d: d >>> 0 };
};

// src/random/streams.ts
var encodeKey = (key) => {
  let text = "";
  for (const part of key) {
    const s = typeof part === "number" ? `n${part}` : `s${part}`;
    text += `${s.length}:${s}`;
  }
  return text;
};
var streams = (seed) => {
  const start = digest(origin, `${seed.length}:${seed}`);
  return (...key) => {
    const { a, b, c } = scatter(digest(start, encodeKey(key)));
    return alea("", { state: { c: 1, s0: a * unit, s1: b * unit, s2: c * unit } });
  };
};
var alea = seedrandom.alea;
var unit = 2 ** -32;
var normal = (stream) => {
  const u = 1 - stream();
  const v = stream();
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
};
var permutation = (n, stream) => {
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(stream() * (i + 1));
    const t = order[i];
    order[i] = order[j];
    order[j] = t;
  }
  return order;
};

// src/engine/batches.ts
var paddedRows = (batch) => Math.ceil(batch / 16) * 16;
var batchesOf = (rows, batch) => Math.ceil(rows / batch);
var stepsOf = (rows, batch, epochs) => Math.max(0, Math.ceil(epochs * batchesOf(rows, batch) - 1e-9));
var examplesOf = (rows, batch, steps) => {
  const perEpoch = batchesOf(rows, batch);
  if (perEpoch === 0) return 0;
  return Math.floor(steps / perEpoch) * rows + Math.min(steps % perEpoch * batch, rows);
};
var none = new Int32Array(0);
var BatchCursor = class {
  constructor(rows, batch, plan) {
    this.rows = rows;
    this.batch = batch;
    this.plan = plan;
    this.steps = stepsOf(rows, batch, plan.epochs);
    this.perEpoch = batchesOf(rows, batch);
  }
  rows;
  batch;
  plan;
  steps;
  order = none;
  start = 0;
  count = 0;
  epoch = -1;
  perEpoch;
  seek(step) {
    const epoch = Math.floor(step / this.perEpoch);
    if (epoch !== this.epoch) {
      this.order = permutation(this.rows, streams(this.plan.seed)(...this.plan.key, "order", epoch));
      this.epoch = epoch;
    }
    this.start = (step - epoch * this.perEpoch) * this.batch;
    this.count = Math.min(this.batch, this.rows - this.start);
  }
};

// src/engine/cohorts.ts
var cohortsOf = (jobs, most, lengthOf) => {
  const groups = /* @__PURE__ */ new Map();
  jobs.forEach((job, place2) => {
    const group = groups.get(job.program);
    const member = { job, place: place2, length: lengthOf(job) };
    if (group) group.push(member);
    else groups.set(job.program, [member]);
  });
  const cohorts = [];
  for (const [program, group] of groups) {
    group.sort((a, b) => b.length - a.length);
    const size2 = Math.max(1, most(program));
    for (let start = 0; start < group.length; start += size2) {
      const members = group.slice(start, start + size2);
      cohorts.push({
        program,
        jobs: members.map(({ job }) => job),
        places: members.map(({ place: place2 }) => place2),
        length: members[0].length
      });
    }
  }
  return cohorts.sort((a, b) => b.length - a.length);
};

// src/engine/engine-error.ts
var EngineError = class extends WindtunnelError {
};

// src/engine/cohort-engine.ts
var pending = () => {
  let resolve;
  let reject;
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => void 0);
  return { promise, resolve, reject };
};
var CohortEngine = class {
  constructor(name, programs2, crew, most = Infinity) {
    this.name = name;
    this.programs = programs2;
    this.crew = crew;
    this.most = most;
  }
  name;
  programs;
  crew;
  most;
  tables = /* @__PURE__ */ new Map();
  async prepare(training2) {
    return this.programs.prepare(training2);
  }
  async register(handle, table) {
    const known = this.tables.get(handle);
    if (known === table) return;
    if (known) throw new DataError(`data '${handle}' is registered already, with another table; choose another handle`);
    this.tables.set(handle, table);
    this.crew.register(handle, table);
  }
  train(jobs) {
    const lengthOf = (job) => {
      const { batch } = this.programs.training(job.program);
      return stepsOf(this.tables.get(job.data).rows, batch, job.plan.epochs);
    };
    return this.execute(jobs, lengthOf, ({ program, jobs: jobs2 }) => ({ kind: "train", program, jobs: jobs2 }));
  }
  score(jobs) {
    const lengthOf = (job) => this.tables.get(job.data).rows;
    return this.execute(jobs, lengthOf, ({ program, jobs: jobs2 }) => ({ kind: "score", program, jobs: jobs2 }));
  }
  close() {
    return this.crew.close();
  }
  execute(jobs, lengthOf, workOf) {
    const results = jobs.map(() => pending());
    const sound = [];
    const places = [];
    jobs.forEach((job, place2) => {
      const fault = this.fault(job);
      if (fault) results[place2].reject(fault);
      else {
        sound.push(job);
        places.push(place2);
      }
    });
    const most = (program) => Math.min(this.most, this.programs.training(program).cohort);
    for (const cohort of cohortsOf(sound, most, lengthOf)) {
      const mine = cohort.places.map((i) => results[places[i]]);
      this.crew.run(workOf(cohort)).then(
        (values) => mine.forEach((result, i) => result.resolve(values[i])),
        (error) => mine.forEach((result, i) => result.reject(this.blame(cohort.jobs[i], error)))
      );
    }
    return results.map(({ promise }) => promise);
  }
  /** What keeps a job from being run, if anything. */
  fault(job) {
    const training2 = this.programs.training(job.program);
    if (!training2) return new SpecificationError(`${nameOf(job)}: no such program; call prepare first`);
    const table = this.tables.get(job.data);
    if (!table) return new DataError(`${nameOf(job)}: no data is registered under '${job.data}'; call register first`);
    const misfit2 = misfitOf(table, training2) ?? vectorMisfitOf(job, training2.layout.size);
    return misfit2 === void 0 ? void 0 : new DataError(`${nameOf(job)}: ${misfit2}`);
  }
  blame(job, error) {
    return new EngineError(`${nameOf(job)}: ${error.message}`, { cause: error });
  }
};
var nameOf = ({ kind, client, program }) => `${kind} job of client '${client}', program ${program.slice(0, 12)}`;
var misfit = (what, has, wants) => has === wants ? void 0 : `${has} ${what} where the program needs ${wants}`;
var misfitOf = ({ rows, categorical, numeric, labels }, { features, tasks }) => misfit("categorical ids", categorical.length, rows * features.categorical.length) ?? misfit("numeric values", numeric.length, rows * features.numeric.length) ?? misfit("labels", labels.length, rows * tasks.length);
var vectorMisfitOf = (job, size2) => {
  const wrong = misfit("parameters", job.parameters.length, size2);
  if (wrong !== void 0 || job.kind === "score") return wrong;
  if (job.anchor && job.anchor.length !== size2) return misfit("elements of the anchor", job.anchor.length, size2);
  for (const [slot, { length }] of Object.entries(job.optimizer?.slots ?? {})) {
    if (length !== size2) return misfit(`elements of '${slot}'`, length, size2);
  }
  return void 0;
};

// src/engine/feed.ts
var belowOne = 1 - 2 ** -24;
var stepFeedsOf = (lanes, tasks) => {
  const steps = [];
  const column = (name) => {
    const index = tasks.findIndex((task) => task.name === name);
    if (index < 0) throw new SpecificationError(`the graph reads labels of '${name}', which is not a task of the program`);
    return index;
  };
  for (const { kind, shape, size: size2, buffer } of lanes.inputs) {
    if (!("step" in kind)) continue;
    const step = steps[kind.step] ??= { fields: 0, columns: 0, labels: [], labelWeights: [], draws: [], scalars: [] };
    const floats = buffer;
    switch (kind.kind) {
      case "categorical":
        step.categorical = buffer;
        step.fields = shape[1];
        break;
      case "numeric":
        step.numeric = floats;
        step.columns = shape[1];
        break;
      case "weight":
        step.weight = floats;
        break;
      case "label":
        step.labels.push({ buffer: floats, column: column(kind.task), classes: shape.length > 1 ? shape[1] : 0 });
        break;
      case "label-weight":
        step.labelWeights.push({ buffer: floats, column: column(kind.task), classes: 0 });
        break;
      case "uniform":
        step.draws.push({ buffer: floats, draw: kind.draw, size: size2 });
        break;
      case "scalar":
        step.scalars.push({ buffer: floats, name: kind.name });
        break;
    }
  }
  return steps;
};
var gather = (from, width, order, start, count, to, at) => {
  let target = at;
  for (let i = start; i < start + count; i++) {
    let source = order[i] * width;
    const end = source + width;
    for (; source + 3 < end; source += 4, target += 4) {
      to[target] = from[source];
      to[target + 1] = from[source + 1];
      to[target + 2] = from[source + 2];
      to[target + 3] = from[source + 3];
    }
    for (; source < end; source++) to[target++] = from[source];
  }
};
var copyRows = (from, width, { order, start, count }, to, at, padded) => {
  if (order === void 0) to.set(from.subarray(start * width, (start + count) * width), at);
  else gather(from, width, order, start, count, to, at);
  if (count < padded) to.fill(0, at + count * width, at + padded * width);
};
var rowAt = (rows, i) => rows.order === void 0 ? rows.start + i : rows.order[rows.start + i];
var fillLabels = (feed, table, tasks, rows, lane, padded) => {
  const { buffer, column, classes } = feed;
  const { labels } = table;
  const { count } = rows;
  if (classes === 0) {
    const base = lane * padded;
    for (let i = 0; i < padded; i++) {
      const label = i < count ? labels[rowAt(rows, i) * tasks + column] : 0;
      buffer[base + i] = label === label ? label : 0;
    }
    return;
  }
  let at = lane * padded * classes;
  for (let i = 0; i < padded; i++) {
    const label = i < count ? labels[rowAt(rows, i) * tasks + column] : NaN;
    for (let c = 0; c < classes; c++) buffer[at++] = c === label ? 1 : 0;
  }
};
var fillLabelWeights = (feed, table, tasks, rows, lane, padded) => {
  const { buffer, column } = feed;
  const { labels } = table;
  const { count } = rows;
  const base = lane * padded;
  let known = 0;
  for (let i = 0; i < count; i++) {
    const label = labels[rowAt(rows, i) * tasks + column];
    const has = label === label ? 1 : 0;
    known += has;
    buffer[base + i] = has;
  }
  const share = known > 0 ? 1 / known : 0;
  for (let i = 0; i < count; i++) buffer[base + i] *= share;
  for (let i = count; i < padded; i++) buffer[base + i] = 0;
  return known;
};
var fillRows = (feed, lane, padded, table, tasks, rows, known) => {
  const { categorical, fields, numeric, columns, weight } = feed;
  if (categorical) copyRows(table.categorical, fields, rows, categorical, lane * padded * fields, padded);
  if (numeric) copyRows(table.numeric, columns, rows, numeric, lane * padded * columns, padded);
  if (weight) {
    const share = 1 / rows.count;
    const base = lane * padded;
    for (let i = 0; i < padded; i++) weight[base + i] = i < rows.count ? share : 0;
  }
  for (const label of feed.labels) fillLabels(label, table, tasks, rows, lane, padded);
  for (const label of feed.labelWeights) {
    known[label.column] = fillLabelWeights(label, table, tasks, rows, lane, padded);
  }
};
var fillDraws = (feed, lane, plan, ordinal) => {
  for (const { buffer, draw, size: size2 } of feed.draws) {
    const stream = streams(plan.seed)(...plan.key, "dropout", ordinal, draw);
    const end = (lane + 1) * size2;
    for (let i = lane * size2; i < end; i++) {
      const u = stream();
      buffer[i] = u < belowOne ? u : belowOne;
    }
  }
};

// src/engine/score.ts
var widthOf = (task) => task.kind === "multiclass" ? task.classes : 1;
var scoreCohort = async (recipe, jobs, tableOf, stageOf) => {
  const { tasks, scoreBatch } = recipe;
  const clients = jobs.map((job) => {
    const table = tableOf(job.data);
    return { job, table, scores: tasks.map((task) => new Float32Array(table.rows * widthOf(task))) };
  });
  const seated = [...clients].sort((a, b) => b.table.rows - a.table.rows);
  const { lanes, feeds, state } = (await stageOf("score")).room(seated.length);
  seated.forEach(({ job }, seat) => {
    for (const { lane, offset } of state) {
      lanes.current(lane).set(job.parameters.subarray(offset, offset + lane.size), seat * lane.size);
    }
  });
  const outputs = lanes.outputs.map((lane) => {
    const { kind } = lane;
    return { ...lane, column: kind.kind === "score" ? tasks.findIndex((task) => task.name === kind.task) : -1 };
  });
  const known = new Int32Array(tasks.length);
  for (let start = 0, live = seated.length; ; start += scoreBatch) {
    while (live > 0 && seated[live - 1].table.rows <= start) live--;
    if (live === 0) return clients.map(({ scores }) => ({ scores }));
    for (let lane = 0; lane < live; lane++) {
      const { table } = seated[lane];
      const rows = { start, count: Math.min(scoreBatch, table.rows - start) };
      if (feeds[0]) fillRows(feeds[0], lane, scoreBatch, table, tasks.length, rows, known);
    }
    await lanes.run(live);
    for (const { column, buffer, size: size2 } of outputs) {
      if (column < 0) continue;
      const width = size2 / scoreBatch;
      for (let lane = 0; lane < live; lane++) {
        const count = Math.min(scoreBatch, seated[lane].table.rows - start);
        const from = buffer.subarray(lane * size2, lane * size2 + count * width);
        seated[lane].scores[column].set(from, start * width);
      }
    }
  }
};

// src/engine/lanes.ts
var sizeOf = (shape) => shape.reduce((product2, extent) => product2 * extent, 1);
var vectorOf = (kind) => kind.kind === "parameter" ? "parameter" : kind.kind === "slot" ? kind.slot : void 0;
var lanesOf = (ports, capacity) => ports.filter((port) => vectorOf(port.kind) === void 0).map(({ name, kind, shape, dtype }) => {
  const size2 = sizeOf(shape);
  const buffer = dtype === "float32" ? new Float32Array(size2 * capacity) : new Int32Array(size2 * capacity);
  return { name, kind, shape, size: size2, buffer };
});
var stateLanesOf = (session, capacity) => {
  const read = new Set(session.inputs.map((port) => port.name));
  const written = new Set(session.outputs.map((port) => port.name));
  const ports = new Map([...session.inputs, ...session.outputs].map((port) => [port.name, port]));
  const lanes = [];
  for (const { name, kind, shape } of ports.values()) {
    const vector = vectorOf(kind);
    if (vector === void 0 || !("segment" in kind)) continue;
    const size2 = sizeOf(shape);
    const one2 = new Float32Array(size2 * capacity);
    const other = written.has(name) ? new Float32Array(size2 * capacity) : one2;
    const { segment } = kind;
    lanes.push({ name, vector, segment, size: size2, read: read.has(name), written: written.has(name), sides: [one2, other] });
  }
  return lanes;
};
var Lanes = class {
  constructor(session, capacity) {
    this.session = session;
    this.capacity = capacity;
    this.inputs = lanesOf(session.inputs, capacity);
    this.outputs = lanesOf(session.outputs, capacity);
    this.state = stateLanesOf(session, capacity);
  }
  session;
  capacity;
  inputs;
  outputs;
  state;
  side = 0;
  frames = [];
  /** The buffer that holds a state lane's current values. */
  current(lane) {
    return lane.sides[this.side];
  }
  /** Runs the session for the first `clients` clients; what it wrote is current then. */
  async run(clients) {
    const pair = this.frames[clients] ??= [];
    const { feeds, results } = pair[this.side] ??= this.frame(clients);
    await this.session.run(clients, feeds, results);
    this.side = this.side === 0 ? 1 : 0;
  }
  frame(clients) {
    const feeds = {};
    const results = {};
    for (const { name, buffer, size: size2 } of this.inputs) feeds[name] = buffer.subarray(0, clients * size2);
    for (const { name, buffer, size: size2 } of this.outputs) {
      results[name] = buffer.subarray(0, clients * size2);
    }
    for (const { name, sides, size: size2, read, written } of this.state) {
      if (read) feeds[name] = sides[this.side].subarray(0, clients * size2);
      if (written) results[name] = sides[1 - this.side].subarray(0, clients * size2);
    }
    return { feeds, results };
  }
};

// src/engine/stage.ts
var roomOf = (session, { segments, size: size2, tasks }, clients) => {
  const lanes = new Lanes(session, clients);
  const offsets = new Map(segments.map((segment) => [segment.name, segment.offset]));
  const anchors = [];
  for (const { kind, buffer, size: length } of lanes.inputs) {
    if (kind.kind !== "anchor") continue;
    anchors.push({ buffer, size: length, offset: offsets.get(kind.segment) });
  }
  const written = lanes.state.filter((lane) => lane.vector === "parameter" && lane.written);
  return {
    lanes,
    feeds: stepFeedsOf(lanes, tasks),
    state: lanes.state.map((lane) => ({ lane, offset: offsets.get(lane.segment) })),
    anchors,
    complete: written.reduce((sum, lane) => sum + lane.size, 0) === size2
  };
};
var Stage = class {
  constructor(session, recipe) {
    this.session = session;
    this.recipe = recipe;
  }
  session;
  recipe;
  held;
  /** Buffers for at least `clients` clients; the same ones again and again unless the cohort grows. */
  room(clients) {
    if (this.held === void 0 || this.held.lanes.capacity < clients) {
      this.held = roomOf(this.session, this.recipe, clients);
    }
    return this.held;
  }
};

// src/engine/scalars.ts
var slotsOf = (optimizer) => {
  switch (optimizer.kind) {
    case "sgd":
      return optimizer.momentum > 0 ? ["velocity"] : [];
    case "adam":
      return ["m", "v"];
    default:
      return optimizer;
  }
};
var scalarsOf = (optimizer, t) => {
  switch (optimizer.kind) {
    case "sgd":
      return { rate: optimizer.rate };
    case "adam": {
      const { rate, beta1, beta2, epsilon: epsilon2 } = optimizer;
      const scale = Math.sqrt((1 - beta2 ** t) / (1 - beta2));
      return { rate: rate * scale * (1 - beta1) / (1 - beta1 ** t), epsilon: epsilon2 * scale };
    }
    default:
      return optimizer;
  }
};

// src/engine/train.ts
var copy = (from, at, to, target, size2) => {
  if (size2 > 96) to.set(from.subarray(at, at + size2), target);
  else for (let i = 0; i < size2; i++) to[target + i] = from[at + i];
};
var enlist = (recipe, job, table) => ({
  job,
  table,
  cursor: new BatchCursor(table.rows, recipe.batch, job.plan),
  parameters: job.parameters,
  slots: Object.fromEntries(Object.entries(job.optimizer?.slots ?? {}).map(([name, slot]) => [name, slot.slice()])),
  before: job.optimizer?.steps ?? 0,
  taken: 0,
  losses: new Float64Array(recipe.tasks.length),
  counted: new Int32Array(recipe.tasks.length)
});
var vectorOf2 = (trainee, vector, size2) => vector === "parameter" ? trainee.parameters : trainee.slots[vector] ??= new Float32Array(size2);
var uncleared = (size2) => {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(size2 * Float32Array.BYTES_PER_ELEMENT);
  return new Float32Array(buffer, byteOffset, size2);
};
var Leg = class {
  constructor(recipe, stage, stride, trainees) {
    this.recipe = recipe;
    this.stride = stride;
    this.trainees = trainees;
    this.room = stage.room(trainees.length);
    this.padded = paddedRows(recipe.batch);
    this.known = new Int32Array(trainees.length * stride * recipe.tasks.length);
    this.knownNow = new Int32Array(recipe.tasks.length);
  }
  recipe;
  stride;
  trainees;
  room;
  padded;
  /** Rows with a label per [client, step, task]. */
  known;
  knownNow;
  scalarsAt = -1;
  scalars = {};
  /** `runs[i]` is how often the i-th trainee takes `stride` steps; never more than its predecessor. */
  async train(runs) {
    this.load();
    let live = this.trainees.length;
    for (let run = 0; ; run++) {
      while (live > 0 && runs[live - 1] === run) this.unload(--live);
      if (live === 0) return;
      for (let lane = 0; lane < live; lane++) this.feed(lane);
      await this.room.lanes.run(live);
      for (let lane = 0; lane < live; lane++) this.advance(lane);
      this.collectLosses(live);
    }
  }
  load() {
    const { lanes, state, anchors } = this.room;
    for (const [seat, trainee] of this.trainees.entries()) {
      for (const { lane, offset } of state) {
        const flat = vectorOf2(trainee, lane.vector, this.recipe.size);
        copy(flat, offset, lanes.current(lane), seat * lane.size, lane.size);
      }
      const anchor = trainee.job.anchor ?? trainee.job.parameters;
      for (const { buffer, size: size2, offset } of anchors) copy(anchor, offset, buffer, seat * size2, size2);
    }
  }
  unload(seat) {
    const { lanes, state, complete } = this.room;
    const trainee = this.trainees[seat];
    if (trainee.parameters === trainee.job.parameters) {
      trainee.parameters = complete ? uncleared(this.recipe.size) : trainee.parameters.slice();
    }
    for (const { lane, offset } of state) {
      if (!lane.written) continue;
      const flat = vectorOf2(trainee, lane.vector, this.recipe.size);
      copy(lanes.current(lane), seat * lane.size, flat, offset, lane.size);
    }
  }
  feed(lane) {
    const { cursor, table, job, taken, before } = this.trainees[lane];
    const tasks = this.recipe.tasks.length;
    for (let step = 0; step < this.stride; step++) {
      const feed = this.room.feeds[step];
      if (feed === void 0) continue;
      cursor.seek(taken + step);
      fillRows(feed, lane, this.padded, table, tasks, cursor, this.knownNow);
      this.known.set(this.knownNow, (lane * this.stride + step) * tasks);
      if (feed.draws.length > 0) fillDraws(feed, lane, job.plan, taken + step);
      this.feedScalars(feed, lane, before + taken + step + 1, job.mu ?? 0);
    }
  }
  /** `t` counts a client's steps from 1 and goes on where kept optimizer state stopped. */
  feedScalars(feed, lane, t, mu) {
    if (feed.scalars.length === 0) return;
    if (t !== this.scalarsAt) {
      this.scalars = scalarsOf(this.recipe.optimizer, t);
      this.scalarsAt = t;
    }
    for (const { buffer, name } of feed.scalars) buffer[lane] = name === "mu" ? mu : this.scalars[name];
  }
  advance(lane) {
    this.trainees[lane].taken += this.stride;
  }
  collectLosses(live) {
    const tasks = this.recipe.tasks.length;
    for (const { kind, buffer } of this.room.lanes.outputs) {
      if (kind.kind !== "loss") continue;
      const column = this.recipe.tasks.findIndex((task) => task.name === kind.task);
      for (let lane = 0; lane < live; lane++) {
        if (this.known[(lane * this.stride + kind.step) * tasks + column] === 0) continue;
        this.trainees[lane].losses[column] += buffer[lane];
        this.trainees[lane].counted[column]++;
      }
    }
  }
};
var resultOf = (recipe, trainee) => {
  const { job, slots, before, taken, losses, counted, table } = trainee;
  return {
    parameters: taken > 0 ? trainee.parameters : job.parameters.slice(),
    optimizer: { steps: before + taken, slots },
    losses: losses.map((sum, task) => counted[task] > 0 ? sum / counted[task] : 0),
    steps: taken,
    examples: examplesOf(table.rows, recipe.batch, taken)
  };
};
var trainCohort = async (recipe, jobs, tableOf, stageOf) => {
  const trainees = jobs.map((job) => enlist(recipe, job, tableOf(job.data)));
  const leg = async (part, stride, runsOf) => {
    const going = trainees.filter((trainee) => runsOf(trainee) > 0).sort((a, b) => runsOf(b) - runsOf(a));
    if (going.length === 0) return;
    const runs = going.map(runsOf);
    await new Leg(recipe, await stageOf(part), stride, going).train(runs);
  };
  const { chunk } = recipe;
  if (chunk > 1) await leg("chunk", chunk, ({ cursor }) => Math.floor(cursor.steps / chunk));
  await leg("step", 1, ({ cursor, taken }) => cursor.steps - taken);
  return trainees.map((trainee) => resultOf(recipe, trainee));
};

// src/engine/executor.ts
var Executor = class {
  /** `open` loads a part of a program; it is called once for each. */
  constructor(open) {
    this.open = open;
  }
  open;
  recipes = /* @__PURE__ */ new Map();
  tables = /* @__PURE__ */ new Map();
  stages = /* @__PURE__ */ new Map();
  last = Promise.resolve();
  knowsProgram(program) {
    return this.recipes.has(program);
  }
  knowsTable(handle) {
    return this.tables.has(handle);
  }
  learn(recipe) {
    this.recipes.set(recipe.program, recipe);
  }
  register(handle, table) {
    this.tables.set(handle, table);
  }
  /** Buffers are shared by all cohorts of a program, so a cohort waits until the one before it is done. */
  execute(work) {
    const done = this.last.then(() => this.perform(work));
    this.last = done.catch(() => void 0);
    return done;
  }
  async close() {
    await this.last;
    const stages = [...this.stages.values()];
    this.stages.clear();
    for (const stage of stages) await (await stage).session.close();
  }
  perform(work) {
    const recipe = this.recipes.get(work.program);
    const tableOf = (handle) => this.tables.get(handle);
    const stageOf = (part) => this.stage(recipe, part);
    return work.kind === "train" ? trainCohort(recipe, work.jobs, tableOf, stageOf) : scoreCohort(recipe, work.jobs, tableOf, stageOf);
  }
  stage(recipe, part) {
    const key = `${recipe.program}/${part}`;
    const known = this.stages.get(key);
    if (known) return known;
    const opened = this.open(recipe.program, part).then((session) => new Stage(session, recipe));
    this.stages.set(key, opened);
    return opened;
  }
};

// src/engine/inline.ts
var Inline = class {
  constructor(executor2, programs2, disturb = {}) {
    this.executor = executor2;
    this.programs = programs2;
    this.disturb = disturb;
  }
  executor;
  programs;
  disturb;
  cohorts = 0;
  register(handle, table) {
    this.executor.register(handle, table);
  }
  async run(work) {
    if (!this.executor.knowsProgram(work.program)) this.executor.learn(this.programs.recipe(work.program));
    const delay = this.disturb.delay?.(this.cohorts++) ?? 0;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    return this.executor.execute(work);
  }
  close() {
    return this.executor.close();
  }
};

// src/engine/recipe.ts
var recipeOf = (training2, program, scoreBatch) => ({
  program,
  segments: training2.layout.segments.map(({ name, offset, size: size2 }) => ({ name, offset, size: size2 })),
  size: training2.layout.size,
  tasks: training2.tasks,
  optimizer: training2.optimizer,
  batch: training2.batch,
  chunk: training2.chunk,
  scoreBatch
});

// src/engine/program.ts
import * as tf4 from "@tensorflow/tfjs";

// src/tasks/losses.ts
import * as tf2 from "@tensorflow/tfjs";

// src/models/ops.ts
import * as tf from "@tensorflow/tfjs";
var differentiable = (inputs2, forward2) => tf.customGrad((...given) => {
  const keep3 = given[given.length - 1];
  const { value, gradient } = forward2((...tensors) => keep3(tensors));
  return { value, gradFunc: (dy, saved) => gradient(dy, saved) };
})(...inputs2);
var onesFor = (x) => tf.ones([...Array(x.rank - 1).fill(1), x.shape[x.rank - 2]]);
var sumRows = (x) => tf.matMul(onesFor(x), x);
var addRow = (x, row) => differentiable([x, row], () => ({ value: tf.add(x, row), gradient: (dy) => [dy, sumRows(dy)] }));
var relu2 = (x) => differentiable([x], (save) => {
  const value = tf.relu(x);
  save(value);
  return { value, gradient: (dy, [y]) => [tf.mul(dy, tf.sign(y))] };
});
var lookup = (table, ids) => differentiable([table], (save) => {
  save(ids);
  const rows = table.shape[0];
  return {
    value: tf.gather(table, ids),
    gradient: (dy, [at]) => [tf.unsortedSegmentSum(dy, at, rows)]
  };
});
var asRow = (weight, x) => tf.reshape(weight, [...Array(x.rank - 1).fill(1), weight.shape[0]]);
var asColumn = (weight, x) => tf.reshape(weight, [...Array(x.rank - 2).fill(1), weight.shape[0], 1]);
var normalizeRows = (x, scale, shift, weight, epsilon2) => {
  const row = asRow(weight, x);
  const mean = tf.matMul(row, x);
  const centred = tf.sub(x, mean);
  const variance = tf.matMul(row, tf.square(centred));
  const value = differentiable([x, scale, shift], (save) => {
    const deviation = tf.sqrt(tf.add(variance, epsilon2));
    const slope = tf.div(scale, deviation);
    save(centred, deviation, slope, asColumn(weight, x));
    return { value: tf.add(tf.mul(centred, slope), shift), gradient: normalizeGradient };
  });
  return { value, mean, variance };
};
var normalizeGradient = (dy, [centred, deviation, slope, weight]) => {
  const dshift = sumRows(dy);
  const dscale = tf.div(sumRows(tf.mul(dy, centred)), deviation);
  const along = tf.mul(weight, tf.add(dshift, tf.mul(centred, tf.div(dscale, deviation))));
  return [tf.mul(tf.sub(dy, along), slope), dscale, dshift];
};

// src/tasks/losses.ts
var weighted = (weight, rows) => tf2.reshape(tf2.matMul(weight, rows, true, false), []);
var binaryCrossEntropy = (logits, labels, weight) => differentiable([logits], (save) => {
  const y = tf2.reshape(labels, [-1, 1]);
  const w = tf2.reshape(weight, [-1, 1]);
  save(logits, y, w);
  return {
    value: weighted(w, tf2.sub(tf2.softplus(logits), tf2.mul(logits, y))),
    gradient: (dy, [z2, label, share]) => [tf2.mul(tf2.sub(tf2.sigmoid(z2), label), tf2.mul(share, dy))]
  };
});
var softmaxCrossEntropy = (logits, labels, weight) => differentiable([logits], (save) => {
  const w = tf2.reshape(weight, [-1, 1]);
  const ones3 = tf2.ones([logits.shape[logits.rank - 1], 1]);
  const shifted = tf2.sub(logits, tf2.max(logits, -1, true));
  const grown = tf2.exp(shifted);
  const total2 = tf2.matMul(grown, ones3);
  const hit = tf2.matMul(tf2.mul(shifted, labels), ones3);
  save(tf2.div(grown, total2), labels, w);
  return {
    value: weighted(w, tf2.sub(tf2.log(total2), hit)),
    gradient: (dy, [p, label, share]) => [tf2.mul(tf2.sub(p, label), tf2.mul(share, dy))]
  };
});
var lossOf = (task, logits, labels, weight) => task.kind === "multiclass" ? softmaxCrossEntropy(logits, labels, weight) : binaryCrossEntropy(logits, labels, weight);

// src/engine/update.ts
import * as tf3 from "@tensorflow/tfjs";
var sgd = (rate, { momentum: momentum2 = 0 } = {}) => ({
  kind: "sgd",
  rate,
  momentum: momentum2
});
var takesRate = (optimizer) => optimizer.kind === "sgd" && optimizer.momentum === 0;
var update = (optimizer, parameter, gradient, slots, scalars) => {
  switch (optimizer.kind) {
    case "sgd": {
      if (optimizer.momentum === 0) {
        return { parameter: tf3.sub(parameter, gradient), slots: {} };
      }
      const velocity = tf3.add(tf3.mul(slots.velocity, optimizer.momentum), gradient);
      return { parameter: tf3.sub(parameter, tf3.mul(velocity, scalars.rate)), slots: { velocity } };
    }
    case "adam": {
      const m = tf3.add(tf3.mul(slots.m, optimizer.beta1), gradient);
      const v = tf3.add(tf3.mul(slots.v, optimizer.beta2), tf3.square(gradient));
      const step = tf3.div(tf3.mul(m, scalars.rate), tf3.add(tf3.sqrt(v), scalars.epsilon));
      return { parameter: tf3.sub(parameter, step), slots: { m, v } };
    }
    default:
      return optimizer;
  }
};

// src/engine/program.ts
var readBatch = ({ features }, inputs2, step, rows) => ({
  get categorical() {
    return inputs2.read({ kind: "categorical", step }, [rows, features.categorical.length], "int32");
  },
  get numeric() {
    return inputs2.read({ kind: "numeric", step }, [rows, features.numeric.length]);
  },
  get weight() {
    return inputs2.read({ kind: "weight", step }, [rows]);
  }
});
var trainingMode = (inputs2, step) => {
  let draw = 0;
  return {
    training: true,
    dropout(x, rate) {
      if (rate === 0) return x;
      const uniform = inputs2.read({ kind: "uniform", step, draw: draw++ }, x.shape);
      const kept = tf4.cast(tf4.greaterEqual(uniform, rate), "float32");
      return tf4.mul(x, tf4.mul(kept, 1 / (1 - rate)));
    }
  };
};
var forward = (training2, parameters, batch, mode, rows) => {
  const { model, features, tasks } = training2;
  const output = model.forward(parameters, batch, mode, { features, tasks });
  for (const task of tasks) {
    const head = output.heads[task.name];
    const shape = [rows, task.kind === "multiclass" ? task.classes : 1];
    if (head?.shape.join() !== shape.join()) {
      const seen = head === void 0 ? `no head '${task.name}'` : `a head '${task.name}' of shape [${head.shape}]`;
      throw new SpecificationError(`Model '${model.name}' gave ${seen}: return logits of shape [${shape}] there.`);
    }
  }
  return output;
};
var readLabels = (task, inputs2, step, rows) => inputs2.read(
  { kind: "label", step, task: task.name },
  task.kind === "multiclass" ? [rows, task.classes] : [rows]
);
var evaluate = (training2, parameters, inputs2, step) => {
  const rows = paddedRows(training2.batch);
  const batch = readBatch(training2, inputs2, step, rows);
  const output = forward(training2, parameters, batch, trainingMode(inputs2, step), rows);
  const losses = training2.tasks.map((task) => {
    const weight = inputs2.read({ kind: "label-weight", step, task: task.name }, [rows]);
    return lossOf(task, output.heads[task.name], readLabels(task, inputs2, step, rows), weight);
  });
  return { losses, state: output.state ?? {} };
};
var total = (losses, weights) => losses.map((loss, i) => weights[i] === 1 ? loss : tf4.mul(loss, weights[i])).reduce((sum, loss) => tf4.add(sum, loss));
var differentiate = (training2, parameters, inputs2, step, factor) => {
  const trainable = training2.layout.segments.filter((segment) => segment.trainable);
  let seen;
  const { grads } = tf4.engine().gradients(
    () => {
      seen = evaluate(training2, parameters, inputs2, step);
      for (const tensor of [...seen.losses, ...Object.values(seen.state)]) tf4.keep(tensor);
      return total(seen.losses, training2.taskWeights);
    },
    trainable.map((segment) => parameters[segment.name]),
    factor,
    true
  );
  const { losses, state } = seen;
  const gradients = {};
  for (const [i, { name }] of trainable.entries()) {
    const gradient = grads[i];
    if (gradient === void 0) {
      throw new SpecificationError(
        `Segment '${name}' of model '${training2.model.name}' reaches no head, so nothing trains it. Use it in \`forward\`, leave it out of \`segments\`, or declare it with \`trainable: false\`.`
      );
    }
    gradients[name] = gradient;
  }
  const hand = (tensor) => {
    const handed2 = tf4.clone(tensor);
    tensor.dispose();
    return handed2;
  };
  const handed = Object.entries(state).map(([name, tensor]) => [name, hand(tensor)]);
  return { losses: losses.map(hand), state: Object.fromEntries(handed), gradients };
};
var proximal = (parameter, gradient, segment, inputs2, mu) => {
  const anchor = inputs2.read({ kind: "anchor", segment: segment.name }, segment.shape);
  return tf4.add(gradient, tf4.mul(tf4.sub(parameter, anchor), mu));
};
var trainingBody = (training2, steps) => (inputs2) => {
  const { layout, optimizer, tasks } = training2;
  const slotNames = slotsOf(optimizer);
  const covered = new Set(training2.proximal ? training2.proximalSegments : []);
  const outputs = [];
  const parameters = {};
  const slots = {};
  for (const { name, shape, trainable } of layout.segments) {
    parameters[name] = inputs2.read({ kind: "parameter", segment: name }, shape);
    if (!trainable) continue;
    const own = slotNames.map((slot) => [slot, inputs2.read({ kind: "slot", slot, segment: name }, shape)]);
    slots[name] = Object.fromEntries(own);
  }
  for (let step = 0; step < steps; step++) {
    const scalars = {};
    for (const name of Object.keys(scalarsOf(optimizer, 1))) {
      scalars[name] = inputs2.read({ kind: "scalar", name, step }, []);
    }
    const factor = takesRate(optimizer) ? scalars.rate : void 0;
    const { losses, gradients, state } = differentiate(training2, parameters, inputs2, step, factor);
    const pull = covered.size > 0 ? inputs2.read({ kind: "scalar", name: "mu", step }, []) : void 0;
    const mu = pull && factor ? tf4.mul(pull, factor) : pull;
    for (const segment of layout.segments) {
      const { name, trainable } = segment;
      if (!trainable) {
        parameters[name] = state[name] ?? parameters[name];
        continue;
      }
      const slope = mu && covered.has(name) ? proximal(parameters[name], gradients[name], segment, inputs2, mu) : gradients[name];
      const updated = update(optimizer, parameters[name], slope, slots[name], scalars);
      parameters[name] = updated.parameter;
      slots[name] = { ...updated.slots };
    }
    for (const [i, task] of tasks.entries()) {
      outputs.push({ sink: { kind: "loss", step, task: task.name }, tensor: losses[i] });
    }
  }
  for (const { name } of layout.segments) {
    outputs.push({ sink: { kind: "parameter", segment: name }, tensor: parameters[name] });
    for (const [slot, tensor] of Object.entries(slots[name] ?? {})) {
      outputs.push({ sink: { kind: "slot", slot, segment: name }, tensor });
    }
  }
  return outputs;
};

// src/engine/trace.ts
import * as tf6 from "@tensorflow/tfjs";

// src/engine/body.ts
var nameOf2 = (port) => Object.values(port).join("/");

// src/engine/shapes.ts
var sizeOf2 = (shape) => shape.reduce((product2, extent) => product2 * extent, 1);
var sameShape = (a, b) => a.length === b.length && a.every((d, i) => d === b[i]);
var withRank = (shape, rank) => shape.length >= rank ? shape : [...new Array(rank - shape.length).fill(1), ...shape];
var broadcast = (...shapes) => {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const aligned = shapes.map((shape) => withRank(shape, rank));
  return Array.from({ length: rank }, (_, axis) => {
    const extents = aligned.map((shape) => shape[axis]);
    return extents.find((extent) => extent !== 1) ?? 1;
  });
};
var coreOf = (shape) => shape.filter((extent) => extent !== 1);

// src/engine/trace-backend.ts
import * as tf5 from "@tensorflow/tfjs";

// src/engine/operations.ts
var arithmetic = [
  "Add",
  "Sub",
  "Multiply",
  "RealDiv",
  "Maximum",
  "Minimum",
  "Pow",
  "SquaredDifference"
];
var comparisons = ["Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual"];
var logical = ["LogicalAnd", "LogicalOr", "LogicalNot"];
var exactUnary = [
  "Relu",
  "LeakyRelu",
  "Relu6",
  "Sqrt",
  "Rsqrt",
  "Square",
  "Neg",
  "Abs",
  "Sign",
  "Step",
  "Reciprocal",
  "ClipByValue",
  "Floor",
  "Ceil",
  "Cast"
];
var transcendental = [
  "Exp",
  "Expm1",
  "Log",
  "Log1p",
  "Sigmoid",
  "Tanh",
  "Softplus",
  "Erf",
  "Sin",
  "Cos",
  "Elu",
  "Selu"
];
var elementwise = /* @__PURE__ */ new Set([
  ...arithmetic,
  ...comparisons,
  ...logical,
  ...exactUnary,
  ...transcendental,
  "Select"
]);
var shaping = [
  "Reshape",
  "Transpose",
  "BroadcastTo",
  "Concat",
  "Slice",
  "PadV2",
  "Tile",
  "GatherV2"
];
var reductions = ["Sum", "Mean", "Max", "Min"];
var operations = [
  ...elementwise,
  ...shaping,
  ...reductions,
  "Softmax",
  "LogSoftmax",
  "BatchMatMul",
  "UnsortedSegmentSum",
  "OneHot",
  "Cumsum"
];

// src/engine/simplify.ts
var unary = {
  Neg: (x) => -x,
  Square: (x) => x * x,
  Sqrt: Math.sqrt,
  Reciprocal: (x) => 1 / x,
  Abs: Math.abs,
  Relu: (x) => Math.max(x, 0),
  Exp: Math.exp,
  Log: Math.log
};
var binary = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  Maximum: Math.max,
  Minimum: Math.min
};
var moves = /* @__PURE__ */ new Set(["Reshape", "BroadcastTo", "Tile", "Transpose", "Slice"]);
var foldConstants = (builder, { op, inputs: inputs2, shape, dtype }) => {
  if (inputs2.length === 0 || inputs2.length > 2) return void 0;
  const values = inputs2.map((id) => builder.uniform(id));
  if (values.includes(void 0)) return void 0;
  const [a, b] = values;
  const constant = (value) => builder.constant([value], shape, dtype);
  if (inputs2.length === 2) return dtype !== "bool" && op in binary ? constant(binary[op](a, b)) : void 0;
  if (moves.has(op)) return constant(a);
  if (op === "Cast") return constant(dtype === "int32" ? Math.trunc(a) : dtype === "bool" ? Number(a !== 0) : a);
  return op in unary ? constant(unary[op](a)) : void 0;
};
var reshapeConstant = (builder, { op, inputs: inputs2, shape, dtype }) => {
  const values = op === "Reshape" ? builder.node(inputs2[0]).values : void 0;
  return values && builder.constant(values, shape, dtype);
};
var reshapes = (builder, { op, inputs: inputs2, shape, dtype }) => {
  if (op !== "Reshape") return void 0;
  const x = builder.node(inputs2[0]);
  if (sameShape(x.shape, shape)) return x.id;
  if (x.op === "Reshape") return builder.add("Reshape", x.inputs, shape, dtype);
  if (x.op !== "BroadcastTo") return void 0;
  const source = builder.node(x.inputs[0]);
  if (sizeOf2(source.shape) === 1) {
    const single = builder.add("Reshape", [source.id], shape.map(() => 1), dtype);
    return builder.add("BroadcastTo", [single], shape, dtype);
  }
  if (!sameShape(coreOf(x.shape), coreOf(shape))) return void 0;
  const extents = withRank(source.shape, x.shape.length).filter((_, axis) => x.shape[axis] !== 1);
  const view = shape.map((extent) => extent === 1 ? 1 : extents.shift());
  return builder.add("BroadcastTo", [builder.add("Reshape", [source.id], view, dtype)], shape, dtype);
};
var transposes = (builder, { op, inputs: inputs2, shape, dtype, attributes }) => {
  if (op !== "Transpose") return void 0;
  const x = builder.node(inputs2[0]);
  const perm = attributes.perm;
  const moving = perm.filter((axis) => x.shape[axis] !== 1);
  if (moving.every((axis, i) => i === 0 || moving[i - 1] < axis)) return builder.add("Reshape", [x.id], shape, dtype);
  if (x.op !== "Transpose") return void 0;
  const inner = x.attributes.perm;
  return builder.add("Transpose", x.inputs, shape, dtype, { perm: perm.map((axis) => inner[axis]) });
};
var idle = (builder, { op, inputs: inputs2, shape, dtype, attributes }) => {
  if (!["BroadcastTo", "Slice", "Tile", "PadV2", "Concat"].includes(op)) return void 0;
  const x = builder.node(inputs2[0]);
  if (inputs2.length === 1 && sameShape(x.shape, shape)) return x.id;
  if (op === "BroadcastTo" && sizeOf2(x.shape) === sizeOf2(shape)) return builder.add("Reshape", inputs2, shape, dtype);
  if (op === "BroadcastTo" && x.op === "BroadcastTo") return builder.add(op, x.inputs, shape, dtype);
  if (op !== "Tile") return void 0;
  const single = attributes.reps.every((times, axis) => times === 1 || x.shape[axis] === 1);
  return single ? builder.add("BroadcastTo", [x.id], shape, dtype) : void 0;
};
var reaches = (shape, ...rest) => sameShape(broadcast(...rest), shape);
var implicitBroadcast = (builder, draft) => {
  const { op, inputs: inputs2, shape, dtype, attributes } = draft;
  if (!elementwise.has(op)) return void 0;
  const operands = inputs2.map((id) => {
    const x = builder.node(id);
    if (x.op === "BroadcastTo") return x.inputs[0];
    const value = x.shape.length > 0 ? builder.uniform(id) : void 0;
    return value === void 0 ? id : builder.constant([value], [], x.dtype);
  });
  if (operands.every((id, i) => id === inputs2[i])) return void 0;
  const shapes = operands.map((id) => builder.node(id).shape);
  if (reaches(shape, ...shapes)) return builder.add(op, operands, shape, dtype, attributes);
  const small = builder.add(op, operands, broadcast(...shapes), dtype, attributes);
  return builder.add("BroadcastTo", [small], shape, dtype);
};
var neutral = (builder, { op, inputs: inputs2, shape, dtype }) => {
  const [a, b] = inputs2;
  const keep3 = (id) => builder.add("BroadcastTo", [id], shape, dtype);
  const one2 = op === "Multiply" || op === "RealDiv";
  if (!one2 && op !== "Add" && op !== "Sub") return void 0;
  const value = one2 ? 1 : 0;
  if (builder.uniform(b) === value) return keep3(a);
  if (builder.uniform(a) === value && (op === "Multiply" || op === "Add")) return keep3(b);
  return void 0;
};
var signs = (builder, { op, inputs: inputs2, shape, dtype }) => {
  const [a, b] = inputs2.map((id) => builder.node(id));
  const again = (other, ...ids) => builder.add(other, ids, shape, dtype);
  if (op === "Add" && b.op === "Neg") return again("Sub", a.id, b.inputs[0]);
  if (op === "Add" && a.op === "Neg") return again("Sub", b.id, a.inputs[0]);
  if (op === "Sub" && b.op === "Neg") return again("Add", a.id, b.inputs[0]);
  if (op !== "Neg") return void 0;
  if (a.op === "Neg") return a.inputs[0];
  if (a.op === "Sub") return again("Sub", a.inputs[1], a.inputs[0]);
  const factor = a.op === "Multiply" ? builder.uniform(a.inputs[1]) : void 0;
  return factor === void 0 ? void 0 : again("Multiply", a.inputs[0], builder.constant([-factor], [], dtype));
};
var factors = (builder, { op, inputs: inputs2, shape, dtype }) => {
  if (dtype !== "float32" || op !== "Multiply" && op !== "RealDiv") return void 0;
  const [a, b] = inputs2;
  const divisor = op === "RealDiv" ? builder.uniform(b) : void 0;
  if (divisor !== void 0) {
    return builder.add("Multiply", [a, builder.constant([1 / divisor], builder.node(b).shape, dtype)], shape, dtype);
  }
  if (op !== "Multiply") return void 0;
  if (builder.uniform(a) !== void 0 && builder.uniform(b) === void 0) {
    return builder.add(op, [b, a], shape, dtype);
  }
  for (const [big, small] of [[a, b], [b, a]]) {
    const product2 = builder.node(big);
    const extent = builder.node(small).shape;
    if (product2.op === "Neg" && builder.uniform(small) !== void 0) {
      return builder.add(op, [product2.inputs[0], builder.add("Neg", [small], extent, dtype)], shape, dtype);
    }
    if (product2.op !== "Multiply" || !sameShape(product2.shape, shape)) continue;
    for (const [inner, factor] of [product2.inputs, [...product2.inputs].reverse()]) {
      const joint = broadcast(builder.node(factor).shape, extent);
      const constant = builder.uniform(factor) !== void 0 && builder.uniform(small) !== void 0;
      if (!constant && sizeOf2(joint) >= sizeOf2(shape)) continue;
      if (!sameShape(builder.node(inner).shape, shape)) continue;
      return builder.add(op, [inner, builder.add(op, [factor, small], joint, dtype)], shape, dtype);
    }
  }
  return void 0;
};
var powers = (builder, { op, inputs: inputs2, shape, dtype }) => {
  const exponent = op === "Pow" && dtype === "float32" ? builder.uniform(inputs2[1]) : void 0;
  const [x] = inputs2;
  if (exponent === void 0 || !sameShape(builder.node(x).shape, shape)) return void 0;
  switch (exponent) {
    case 1:
      return x;
    case 2:
      return builder.add("Square", [x], shape, dtype);
    case 0.5:
      return builder.add("Sqrt", [x], shape, dtype);
    case -0.5:
      return builder.add("Rsqrt", [x], shape, dtype);
    case -1:
      return builder.add("Reciprocal", [x], shape, dtype);
    case 1.5:
      return builder.add("Multiply", [x, builder.add("Sqrt", [x], shape, dtype)], shape, dtype);
    default:
      return void 0;
  }
};
var maskOfActivation = (builder, { op, inputs: inputs2, shape, dtype, attributes }) => {
  if (op !== "Step" || attributes.alpha !== 0) return void 0;
  const activation = builder.find("Relu", inputs2, shape, dtype);
  return activation === void 0 ? void 0 : builder.add("Step", [activation], shape, dtype, attributes);
};
var transposedOperands = (builder, { op, inputs: inputs2, shape, dtype, attributes }) => {
  if (op !== "BatchMatMul") return void 0;
  const operands = inputs2.map((id) => {
    const x = builder.node(id);
    const perm = x.op === "Transpose" ? x.attributes.perm : [];
    const rank = perm.length;
    const last = rank >= 2 && perm[rank - 1] === rank - 2 && perm[rank - 2] === rank - 1;
    return last && perm.slice(0, -2).every((axis, i) => axis === i) ? { id: x.inputs[0], flip: true } : { id, flip: false };
  });
  const [a, b] = operands;
  if (!a.flip && !b.flip) return void 0;
  return builder.add(op, [a.id, b.id], shape, dtype, {
    transposeA: attributes.transposeA !== a.flip,
    transposeB: attributes.transposeB !== b.flip
  });
};
var thinReduction = (builder, { op, inputs: inputs2, shape, dtype, attributes }) => {
  if (op !== "Sum" && op !== "Mean" && op !== "Max" && op !== "Min") return void 0;
  const { shape: from } = builder.node(inputs2[0]);
  return attributes.axes.every((axis) => from[axis] === 1) ? builder.add("Reshape", inputs2, shape, dtype) : void 0;
};
var rules = [
  foldConstants,
  reshapeConstant,
  reshapes,
  transposes,
  idle,
  implicitBroadcast,
  neutral,
  signs,
  factors,
  powers,
  maskOfActivation,
  transposedOperands,
  thinReduction
];
var simplify = (builder, draft) => {
  for (const rule of rules) {
    const simpler = rule(builder, draft);
    if (simpler !== void 0) return simpler;
  }
  return void 0;
};

// src/engine/graph-builder.ts
var largestKeyed = 4096;
var exact = (value) => Object.is(value, -0) ? "-0" : String(value);
var keyOf = ({ op, inputs: inputs2, attributes, shape, dtype, values }) => {
  if (values === void 0) return `${op} ${dtype} ${shape} ${inputs2} ${JSON.stringify(attributes)}`;
  return values.length > largestKeyed ? void 0 : `${op} ${dtype} ${shape} ${Array.from(values, exact)}`;
};
var GraphBuilder = class {
  nodes = [];
  known = /* @__PURE__ */ new Map();
  node(id) {
    return this.nodes[id];
  }
  /** A node of the operation `op`, or something simpler of the same value and shape. */
  add(op, inputs2, shape, dtype, attributes = {}) {
    const batched = inputs2.some((id) => this.nodes[id].batched);
    const draft = { op, inputs: inputs2, attributes, shape: [...shape], dtype, ...batched && { batched } };
    return simplify(this, draft) ?? this.put(draft);
  }
  /** A node exactly like the draft, without simplification. */
  put(draft) {
    const key = keyOf(draft);
    const before = key === void 0 ? void 0 : this.known.get(key);
    if (before !== void 0) return before;
    const id = this.nodes.length;
    this.nodes.push({ id, ...draft });
    if (key !== void 0) this.known.set(key, id);
    return id;
  }
  /** The node that `add` would find if it existed already without simplification. */
  find(op, inputs2, shape, dtype, attributes = {}) {
    return this.known.get(keyOf({ op, inputs: inputs2, attributes, shape, dtype }));
  }
  constant(values, shape, dtype) {
    const typed = dtype === "float32" ? Float32Array.from(values) : Int32Array.from(values);
    const uniform = typed.length > 1 && typed.every((value) => Object.is(value, typed[0]));
    return this.put({
      op: "Constant",
      inputs: [],
      attributes: {},
      shape: [...shape],
      dtype,
      values: uniform ? typed.slice(0, 1) : typed
    });
  }
  input(source, shape, dtype, batched = false) {
    const key = `Input ${nameOf2(source)}`;
    const before = this.known.get(key);
    if (before !== void 0) return before;
    const id = this.nodes.length;
    const common = { id, op: "Input", inputs: [], attributes: {}, shape: [...shape], dtype, source };
    this.nodes.push({ ...common, ...batched && { batched } });
    this.known.set(key, id);
    return id;
  }
  /** The one value of a constant whose elements are all equal. */
  uniform(id) {
    const { values } = this.nodes[id];
    return values?.length === 1 ? values[0] : void 0;
  }
  /** The graph of what the outputs need, numbered from 0. Inputs that nothing reads are left out. */
  finish(outputs) {
    const needed = new Set(outputs.map(({ node }) => node));
    for (let id = this.nodes.length - 1; id >= 0; id--) {
      if (needed.has(id)) for (const input of this.nodes[id].inputs) needed.add(input);
    }
    const numbers = /* @__PURE__ */ new Map();
    const nodes = [];
    for (const node of this.nodes) {
      if (!needed.has(node.id)) continue;
      numbers.set(node.id, nodes.length);
      nodes.push({ ...node, id: nodes.length, inputs: node.inputs.map((input) => numbers.get(input)) });
    }
    return { nodes, outputs: outputs.map(({ sink, node }) => ({ sink, node: numbers.get(node) })) };
  }
};

// src/engine/recorder.ts
var dtypeOf = (tensor) => tensor.dtype === "int32" || tensor.dtype === "bool" ? tensor.dtype : "float32";
var like = ({ builder }, op, inputs2, shape, attributes = {}) => builder.add(op, inputs2.map(({ id }) => id), shape, inputs2[0].dtype, attributes);

// src/engine/kernels-elementwise.ts
var binary2 = (op) => (recorder, inputs2) => {
  const [a, b] = [recorder.node(inputs2.a), recorder.node(inputs2.b)];
  return like(recorder, op, [a, b], broadcast(a.shape, b.shape));
};
var comparison = (op) => (recorder, inputs2) => {
  const [a, b] = [recorder.node(inputs2.a), recorder.node(inputs2.b)];
  return recorder.builder.add(op, [a.id, b.id], broadcast(a.shape, b.shape), "bool");
};
var unary2 = (op, pick = () => ({})) => (recorder, inputs2, attributes) => {
  const x = recorder.node(inputs2.x);
  return like(recorder, op, [x], x.shape, pick(attributes));
};
var addAll = (recorder, inputs2) => {
  const [first, ...rest] = Object.values(inputs2).map((tensor) => recorder.node(tensor));
  return rest.reduce((sum, { id }) => recorder.builder.add("Add", [sum, id], first.shape, first.dtype), first.id);
};
var eluGradient = (recorder, inputs2) => {
  const { builder } = recorder;
  const [dy, y] = [recorder.node(inputs2.dy), recorder.node(inputs2.y)];
  const { shape } = y;
  const rising = builder.add("GreaterEqual", [y.id, builder.constant([0], [], "float32")], shape, "bool");
  const slope = builder.add("Add", [y.id, builder.constant([1], [], "float32")], shape, "float32");
  const falling = builder.add("Multiply", [dy.id, slope], shape, "float32");
  return builder.add("Select", [rising, dy.id, falling], shape, "float32");
};
var select = (recorder, inputs2) => {
  const [condition, t, e] = [inputs2.condition, inputs2.t, inputs2.e].map((tensor) => recorder.node(tensor));
  const rows = condition.shape.length === 1 && t.shape.length > 1;
  const view = rows ? [condition.shape[0], ...t.shape.slice(1).map(() => 1)] : condition.shape;
  const mask = recorder.builder.add("Reshape", [condition.id], view, "bool");
  return recorder.builder.add("Select", [mask, t.id, e.id], broadcast(view, t.shape, e.shape), t.dtype);
};
var cast2 = (recorder, inputs2, { dtype }) => {
  const x = recorder.node(inputs2.x);
  const to = dtypeOf({ dtype });
  return x.dtype === to ? x.id : recorder.builder.add("Cast", [x.id], x.shape, to);
};
var filled = (value) => (recorder, inputs2) => {
  const x = recorder.node(inputs2.x);
  return recorder.builder.constant([value], x.shape, x.dtype);
};
var fill = ({ builder }, _, { shape, value, dtype }) => builder.constant([value], shape, dtypeOf({ dtype: dtype ?? "float32" }));
var plain = [
  "Relu",
  "Relu6",
  "Sigmoid",
  "Tanh",
  "Exp",
  "Expm1",
  "Log",
  "Log1p",
  "Sqrt",
  "Rsqrt",
  "Square",
  "Neg",
  "Abs",
  "Sign",
  "Softplus",
  "Reciprocal",
  "Erf",
  "Sin",
  "Cos",
  "Elu",
  "Selu",
  "Floor",
  "Ceil",
  "LogicalNot"
];
var elementwiseKernels = {
  ...Object.fromEntries(arithmetic.map((op) => [op, binary2(op)])),
  ...Object.fromEntries([...comparisons, "LogicalAnd", "LogicalOr"].map((op) => [op, comparison(op)])),
  ...Object.fromEntries(plain.map((op) => [op, unary2(op)])),
  LeakyRelu: unary2("LeakyRelu", ({ alpha }) => ({ alpha })),
  Step: unary2("Step", ({ alpha }) => ({ alpha })),
  ClipByValue: unary2("ClipByValue", (attributes) => ({
    min: attributes.clipValueMin,
    max: attributes.clipValueMax
  })),
  EluGrad: eluGradient,
  AddN: addAll,
  Select: select,
  Cast: cast2,
  Identity: (recorder, inputs2) => recorder.node(inputs2.x).id,
  OnesLike: filled(1),
  ZerosLike: filled(0),
  Fill: fill
};

// src/engine/kernels-products.ts
import { backend_util, util } from "@tensorflow/tfjs";

// src/engine/trace-error.ts
var TraceError = class extends WindtunnelError {
};
var here = new URL(".", import.meta.url).href;
var herePath = decodeURIComponent(new URL(".", import.meta.url).pathname);
var place = /\(?((?:file:\/\/)?\/[^()\s]+:\d+:\d+|[A-Za-z]:\\[^()]+:\d+:\d+)\)?$/;
var whereNow = () => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const stack2 = new Error("where").stack ?? "";
  Error.stackTraceLimit = limit;
  for (const line of stack2.split("\n").slice(1)) {
    const at = place.exec(line.trim())?.[1];
    if (at === void 0 || at.startsWith(here) || at.startsWith(herePath)) continue;
    if (at.includes("node_modules") || at.startsWith("node:")) continue;
    return at.replace(/^file:\/\//, "");
  }
  return void 0;
};
var traceError = (what, remedy) => {
  const where = whereNow();
  return new TraceError(`${what}${where === void 0 ? "" : ` (at ${where})`}. ${remedy}`);
};

// src/engine/kernels-products.ts
var matMul3 = (recorder, inputs2, attributes) => {
  const [a, b] = [recorder.node(inputs2.a), recorder.node(inputs2.b)];
  const transposeA = Boolean(attributes.transposeA);
  const transposeB = Boolean(attributes.transposeB);
  const rows = a.shape.at(transposeA ? -1 : -2);
  const columns = b.shape.at(transposeB ? -2 : -1);
  const stacks = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return like(recorder, "BatchMatMul", [a, b], [...stacks, rows, columns], { transposeA, transposeB });
};
var activations = {
  relu: "Relu",
  relu6: "Relu6",
  sigmoid: "Sigmoid",
  elu: "Elu"
};
var fusedMatMul = (recorder, inputs2, attributes) => {
  const { builder } = recorder;
  let y = builder.node(matMul3(recorder, inputs2, attributes));
  if (inputs2.bias !== void 0) {
    y = builder.node(like(recorder, "Add", [y, recorder.node(inputs2.bias)], y.shape));
  }
  const activation = attributes.activation ?? "linear";
  if (activation === "linear") return y.id;
  if (activation === "prelu") throw traceError("The activation 'prelu' cannot be recorded", "Write it with `tf.where`.");
  if (activation !== "leakyrelu") return like(recorder, activations[activation], [y], y.shape);
  return like(recorder, "LeakyRelu", [y], y.shape, { alpha: attributes.leakyreluAlpha });
};
var reduction = (op, name) => (recorder, inputs2, attributes) => {
  const x = recorder.node(inputs2.x);
  const axes = util.parseAxisParam(attributes[name], [...x.shape]);
  const [reduced] = backend_util.computeOutAndReduceShapes([...x.shape], axes);
  const shape = attributes.keepDims ? backend_util.expandShapeToKeepDim(reduced, axes) : reduced;
  const dtype = op === "Mean" ? "float32" : x.dtype === "bool" ? "int32" : x.dtype;
  const from = x.dtype === dtype ? x.id : recorder.builder.add("Cast", [x.id], x.shape, dtype);
  return recorder.builder.add(op, [from], shape, dtype, { axes: [...axes].sort((a, b) => a - b) });
};
var gather3 = (recorder, inputs2, attributes) => {
  const [x, indices] = [recorder.node(inputs2.x), recorder.node(inputs2.indices)];
  const [axis] = util.parseAxisParam(attributes.axis, [...x.shape]);
  const batchDims = attributes.batchDims ?? 0;
  if (batchDims !== 0) {
    throw traceError(`A gather with batchDims ${batchDims} cannot be recorded`, "Gather from a flat table with offset ids.");
  }
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  return like(recorder, "GatherV2", [x, indices], shape, { axis });
};
var segmentSum = (recorder, inputs2, attributes) => {
  const [x, ids] = [recorder.node(inputs2.x), recorder.node(inputs2.segmentIds)];
  const numSegments = attributes.numSegments;
  const { builder } = recorder;
  const rows = builder.node(builder.add("Reshape", [ids.id], [sizeOf2(ids.shape)], ids.dtype));
  return like(recorder, "UnsortedSegmentSum", [x, rows], [numSegments, ...x.shape.slice(ids.shape.length)], { numSegments });
};
var oneHot = (recorder, inputs2, attributes) => {
  const indices = recorder.node(inputs2.indices);
  const depth = attributes.depth;
  const dtype = attributes.dtype === "float32" ? "float32" : attributes.dtype === "bool" ? "bool" : "int32";
  const values = { depth, on: attributes.onValue, off: attributes.offValue };
  return recorder.builder.add("OneHot", [indices.id], [...indices.shape, depth], dtype, values);
};
var alongLast = (op) => (recorder, inputs2) => {
  const logits = recorder.node(inputs2.logits);
  return like(recorder, op, [logits], logits.shape);
};
var cumulativeSum = (recorder, inputs2, attributes) => {
  const x = recorder.node(inputs2.x);
  const axis = attributes.axis;
  return like(recorder, "Cumsum", [x], x.shape, {
    axis: axis < 0 ? axis + x.shape.length : axis,
    exclusive: Boolean(attributes.exclusive),
    reverse: Boolean(attributes.reverse)
  });
};
var productKernels = {
  BatchMatMul: matMul3,
  _FusedMatMul: fusedMatMul,
  Sum: reduction("Sum", "axis"),
  Mean: reduction("Mean", "axis"),
  Max: reduction("Max", "reductionIndices"),
  Min: reduction("Min", "axis"),
  Softmax: alongLast("Softmax"),
  LogSoftmax: alongLast("LogSoftmax"),
  GatherV2: gather3,
  UnsortedSegmentSum: segmentSum,
  OneHot: oneHot,
  Cumsum: cumulativeSum
};

// src/engine/kernels-shaping.ts
import { backend_util as backend_util2, slice_util, util as util2 } from "@tensorflow/tfjs";
var reshape3 = (recorder, x, shape) => like(recorder, "Reshape", [x], shape);
var axisOf = (axis, rank) => axis < 0 ? axis + rank : axis;
var slice = (recorder, x, begin, size2) => like(recorder, "Slice", [x], size2, { begin, size: size2 });
var concat = (recorder, parts, axis) => {
  const full = parts.filter(({ shape: shape2 }) => sizeOf2(shape2) > 0);
  const [{ shape }] = full.length > 0 ? full : parts;
  const joint = shape.map((extent, i) => i === axis ? full.reduce((sum, part) => sum + part.shape[axis], 0) : extent);
  return like(recorder, "Concat", full, joint, { axis });
};
var cut = (recorder, x, extents, axis) => {
  let start = 0;
  return extents.map((extent) => {
    const begin = x.shape.map((_, i) => i === axis ? start : 0);
    start += extent;
    return slice(recorder, x, begin, x.shape.map((full, i) => i === axis ? extent : full));
  });
};
var pack = (recorder, inputs2, attributes) => {
  const parts = Object.values(inputs2).map((tensor) => recorder.node(tensor));
  const axis = axisOf(attributes.axis, parts[0].shape.length + 1);
  const layer = [...parts[0].shape.slice(0, axis), 1, ...parts[0].shape.slice(axis)];
  return concat(recorder, parts.map((part) => recorder.builder.node(reshape3(recorder, part, layer))), axis);
};
var unpack = (recorder, inputs2, attributes) => {
  const value = recorder.node(inputs2.value);
  const axis = axisOf(attributes.axis, value.shape.length);
  const layers = cut(recorder, value, new Array(value.shape[axis]).fill(1), axis);
  const shape = value.shape.filter((_, i) => i !== axis);
  return layers.map((layer) => reshape3(recorder, recorder.builder.node(layer), shape));
};
var stridedSlice = (recorder, inputs2, attributes) => {
  const x = recorder.node(inputs2.x);
  const info = slice_util.sliceInfo(
    [...x.shape],
    attributes.begin,
    attributes.end,
    attributes.strides,
    attributes.beginMask,
    attributes.endMask,
    attributes.ellipsisMask,
    attributes.newAxisMask,
    attributes.shrinkAxisMask
  );
  const size2 = slice_util.computeOutShape(info.begin, info.end, info.strides);
  const strided = like(recorder, "Slice", [x], size2, { begin: info.begin, size: size2, strides: info.strides });
  return reshape3(recorder, recorder.builder.node(strided), info.finalShape);
};
var shapingKernels = {
  Reshape: (recorder, inputs2, attributes) => {
    const x = recorder.node(inputs2.x);
    return reshape3(recorder, x, util2.inferFromImplicitShape(attributes.shape, sizeOf2(x.shape)));
  },
  ExpandDims: (recorder, inputs2, attributes) => {
    const x = recorder.node(inputs2.input);
    const axis = axisOf(attributes.dim, x.shape.length + 1);
    return reshape3(recorder, x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]);
  },
  Transpose: (recorder, inputs2, attributes) => {
    const x = recorder.node(inputs2.x);
    const perm = attributes.perm;
    return like(recorder, "Transpose", [x], perm.map((axis) => x.shape[axis]), { perm });
  },
  Concat: (recorder, inputs2, attributes) => {
    const parts = Object.values(inputs2).map((tensor) => recorder.node(tensor));
    return concat(recorder, parts, axisOf(attributes.axis, parts[0].shape.length));
  },
  Pack: pack,
  Unpack: unpack,
  SplitV: (recorder, inputs2, attributes) => {
    const x = recorder.node(inputs2.x);
    const axis = axisOf(attributes.axis, x.shape.length);
    const extents = backend_util2.prepareSplitSize(x, attributes.numOrSizeSplits, axis);
    return cut(recorder, x, extents, axis);
  },
  Slice: (recorder, inputs2, attributes) => {
    const x = recorder.node(inputs2.x);
    const [begin, size2] = slice_util.parseSliceParams(x, attributes.begin, attributes.size);
    return slice(recorder, x, begin, size2);
  },
  StridedSlice: stridedSlice,
  PadV2: (recorder, inputs2, attributes) => {
    const x = recorder.node(inputs2.x);
    const paddings = attributes.paddings;
    const shape = x.shape.map((extent, i) => paddings[i][0] + extent + paddings[i][1]);
    const value = attributes.constantValue;
    return like(recorder, "PadV2", [x], shape, { before: paddings.map(([n]) => n), after: paddings.map(([, n]) => n), value });
  },
  Tile: (recorder, inputs2, attributes) => {
    const x = recorder.node(inputs2.x);
    const reps = attributes.reps;
    return like(recorder, "Tile", [x], x.shape.map((extent, i) => extent * reps[i]), { reps });
  }
};

// src/engine/kernels.ts
var kernels = { ...elementwiseKernels, ...shapingKernels, ...productKernels };

// src/engine/trace-backend.ts
var unread = () => traceError(
  "A value was read while the model was being recorded, and there are no values yet",
  "Compute with tensors only (`tf.where` instead of `if`), and leave printing to eager runs."
);
var TraceBackend = class extends tf5.KernelBackend {
  recording;
  get builder() {
    if (!this.recording) {
      throw traceError("A tensor of a recording, or the backend 'trace', was used outside of it", "Use another backend.");
    }
    return this.recording.builder;
  }
  /** Runs `body` with a fresh graph; recordings may nest. */
  record(body) {
    const outer = this.recording;
    const builder = new GraphBuilder();
    this.recording = { builder, nodes: /* @__PURE__ */ new WeakMap() };
    try {
      return body(builder);
    } finally {
      this.recording = outer;
    }
  }
  /** A tensor that stands for a node. */
  tensorOf(id) {
    const { shape, dtype } = this.builder.node(id);
    return { dataId: this.remember(id), shape: [...shape], dtype };
  }
  node(tensor) {
    const { builder } = this;
    const known = this.recording.nodes.get(tensor.dataId);
    if (known !== void 0) return builder.node(known);
    const info = tf5.engine().state.tensorInfo.get(tensor.dataId);
    if (info === void 0 || info.backend === this) {
      throw traceError("A tensor of another recording was used in this one", "Make it inside the body, or read it as an input.");
    }
    const values = info.backend.readSync(tensor.dataId);
    const id = builder.constant(values, tensor.shape, dtypeOf(tensor));
    this.recording.nodes.set(tensor.dataId, id);
    return builder.node(id);
  }
  write(values, shape, dtype) {
    if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") {
      throw traceError(`A constant of type '${dtype}' cannot be recorded`, "Use float32, int32 or bool.");
    }
    return this.remember(this.builder.constant(values, shape, dtype));
  }
  readSync() {
    throw unread();
  }
  read() {
    return Promise.reject(unread());
  }
  disposeData() {
    return true;
  }
  refCount() {
    return 1;
  }
  incRef() {
  }
  numDataIds() {
    return 0;
  }
  floatPrecision() {
    return 32;
  }
  epsilon() {
    return 1e-7;
  }
  memory() {
    return { unreliable: true };
  }
  timerAvailable() {
    return false;
  }
  dispose() {
  }
  remember(id) {
    const dataId = {};
    void this.builder;
    this.recording.nodes.set(dataId, id);
    return dataId;
  }
};
var register = (backend) => {
  tf5.registerBackend("trace", () => backend, 0);
  for (const [kernelName, rule] of Object.entries(kernels)) {
    tf5.registerKernel({
      kernelName,
      backendName: "trace",
      kernelFunc: ({ inputs: inputs2, attrs }) => {
        const made = rule(backend, inputs2, attrs ?? {});
        return Array.isArray(made) ? made.map((id) => backend.tensorOf(id)) : backend.tensorOf(made);
      }
    });
  }
  for (const { kernelName } of tf5.getKernelsForBackend("cpu")) {
    if (kernelName in kernels) continue;
    tf5.registerKernel({
      kernelName,
      backendName: "trace",
      kernelFunc: () => {
        throw traceError(`The operation '${kernelName}' cannot be recorded`, "Write it with other operations.");
      }
    });
  }
};
var traceBackend = () => {
  if (tf5.findBackendFactory("trace") === null || tf5.findBackendFactory("trace") === void 0) {
    register(new TraceBackend());
  }
  return tf5.findBackendFactory("trace")();
};

// src/engine/trace.ts
var symbols = (backend, builder, tensors) => ({
  read(source, shape, dtype = "float32") {
    const name = nameOf2(source);
    const known = tensors.get(name);
    if (known) {
      if (sameShape(known.shape, shape) && known.dtype === dtype) return known;
      throw traceError(
        `The input '${name}' was read as ${dtype}[${shape}] after ${known.dtype}[${known.shape}]`,
        "Read it with one shape and type."
      );
    }
    if (dtype === "bool") throw traceError(`The input '${name}' is bool`, "Read int32 and cast it.");
    const info = backend.tensorOf(builder.input(source, shape, dtype));
    const tensor = tf6.keep(tf6.engine().makeTensorFromTensorInfo(info));
    tensors.set(name, tensor);
    return tensor;
  }
});
var trace = (body) => {
  const backend = traceBackend();
  void tf6.engine().backend;
  const before = tf6.getBackend();
  void tf6.setBackend("trace");
  const tensors = /* @__PURE__ */ new Map();
  let graph;
  try {
    backend.record((builder) => {
      tf6.tidy(() => {
        const outputs = body(symbols(backend, builder, tensors));
        graph = builder.finish(outputs.map(({ sink, tensor }) => ({ sink, node: backend.node(tensor).id })));
      });
    });
  } finally {
    for (const tensor of tensors.values()) tensor.dispose();
    void tf6.setBackend(before);
  }
  return graph;
};

// src/engine/open.ts
import { availableParallelism } from "node:os";
var engineNames = ["onnx", "tfjs"];
var defaultEngine = "onnx";
var load = async (engine5, workers, disturb) => {
  switch (engine5) {
    case "onnx":
      return (await import("./onnx-engine.js")).onnxEngine(workers, disturb);
    case "tfjs":
      return (await import("./tfjs-engine.js")).tfjsEngine();
    default:
      throw new SpecificationError(`there is no engine '${engine5}'; choose one of ${engineNames.join(", ")}`);
  }
};
var openEngine = async ({ engine: engine5 = defaultEngine, workers, disturb } = {}) => {
  const threads = workers ?? availableParallelism();
  if (!Number.isInteger(threads) || threads < 0) {
    throw new SpecificationError(`${threads} workers: give a whole number from 0 (train in this thread) up`);
  }
  try {
    return await load(engine5, threads, disturb);
  } catch (error) {
    if (error instanceof SpecificationError) throw error;
    throw new EngineError(
      `The engine '${engine5}' cannot be loaded: ${error.message}. Run \`npm install\` again in the checkout; onnxruntime-node needs no download beyond its npm package. \`--engine tfjs\` needs no native code, but is slow and gives numbers that differ in the last digits.`,
      { cause: error }
    );
  }
};

// src/models/layout.ts
var product = (shape) => shape.reduce((a, b) => a * b, 1);
var expertAxis = (segment) => segment.axes.indexOf("expert");
var check = (spec, holds, rule) => {
  if (!holds) {
    const seen = JSON.stringify({ name: spec.name, shape: spec.shape, axes: spec.axes, expert: spec.expert });
    throw new SpecificationError(`Segment ${seen}: ${rule}. Change what the model's \`segments\` returns.`);
  }
};
var checkSegment = (spec) => {
  check(spec, /^[\w.-]+$/.test(spec.name), "a name holds letters, digits, `_`, `.` and `-` only");
  check(spec, spec.axes.length === spec.shape.length, "`axes` needs one label per axis of `shape`");
  check(spec, spec.shape.every((n) => Number.isInteger(n) && n > 0), "every axis has a positive whole length");
  for (const label of ["expert", "task"]) {
    check(spec, spec.axes.filter((axis) => axis === label).length < 2, `at most one axis may be \`${label}\``);
  }
  check(spec, spec.expert === void 0 || expertAxis(spec) < 0, "give `expert` or an `expert` axis, not both");
  const whole = spec.expert === void 0 || Number.isInteger(spec.expert) && spec.expert >= 0;
  check(spec, whole, "`expert` counts from 0 in whole numbers");
  check(spec, spec.task === void 0 || !spec.axes.includes("task"), "give `task` or a `task` axis, not both");
};
var buildLayout = (specs) => {
  const names = /* @__PURE__ */ new Set();
  const stacked = specs.find((spec) => expertAxis(spec) >= 0);
  const own = specs.reduce((most, spec) => Math.max(most, (spec.expert ?? -1) + 1), 0);
  const experts = stacked === void 0 ? own : stacked.shape[expertAxis(stacked)];
  let offset = 0;
  const segments = specs.map((spec) => {
    checkSegment(spec);
    check(spec, !names.has(spec.name), "another segment has this name");
    names.add(spec.name);
    const axis = expertAxis(spec);
    check(spec, axis < 0 || spec.shape[axis] === experts, `the model's other segments speak of ${experts} experts`);
    check(spec, (spec.expert ?? 0) < Math.max(experts, 1), `the model's \`expert\` axes have ${experts} entries`);
    const size2 = product(spec.shape);
    const segment = { ...spec, trainable: spec.trainable ?? true, offset, size: size2 };
    offset += size2;
    return segment;
  });
  return { segments, size: offset, experts };
};
var draws = (initial, stream) => {
  const uniform = (limit) => () => (2 * stream() - 1) * limit;
  switch (initial.kind) {
    case "constant":
      return () => initial.value;
    case "uniform":
      return uniform(initial.limit);
    case "normal":
      return () => normal(stream) * initial.deviation;
    case "glorot":
      return uniform(Math.sqrt(6 / (initial.fanIn + initial.fanOut)));
    case "he":
      return uniform(Math.sqrt(6 / initial.fanIn));
    default:
      return initial;
  }
};
var initialize = (layout, streams2) => {
  const values = new Float32Array(layout.size);
  for (const { name, initial, offset, size: size2 } of layout.segments) {
    const draw = draws(initial, streams2("initialise", name));
    for (let i = 0; i < size2; i++) values[offset + i] = draw();
  }
  return values;
};

// src/models/define.ts
var defineModel = (name, build) => ({
  name,
  segments: (features, tasks) => build({ features, tasks }).layers.flatMap((layer) => layer.segments),
  forward(parameters, batch, mode, about) {
    const state = {};
    return { heads: build(about).forward({ parameters, batch, mode, state }), state };
  }
});

// src/models/input.ts
import * as tf8 from "@tensorflow/tfjs";

// src/models/layers.ts
import * as tf7 from "@tensorflow/tfjs";
var zero = { kind: "constant", value: 0 };
var one = { kind: "constant", value: 1 };
var startOf = (fanIn, fanOut, activation) => activation === "relu" ? { kind: "he", fanIn } : { kind: "glorot", fanIn, fanOut };
var linear = (name, from, to, options = {}) => {
  const { role = "other", activation = "none", task } = options;
  const of = task === void 0 ? { role } : { role, task };
  return {
    width: to,
    segments: [
      { name: `${name}.weight`, shape: [from, to], axes: ["in", "out"], initial: startOf(from, to, activation), ...of },
      { name: `${name}.bias`, shape: [1, to], axes: ["row", "out"], initial: zero, ...of }
    ],
    apply: (x, { parameters }) => addRow(tf7.matMul(x, parameters[`${name}.weight`]), parameters[`${name}.bias`])
  };
};
var epsilon = 1e-5;
var momentum = 0.1;
var batchNorm = (name, shape, axes, of = {}) => {
  const segment = (last, initial, trainable) => ({
    name: `${name}.${last}`,
    shape,
    axes,
    role: "batch-norm",
    initial,
    trainable,
    ...of
  });
  return {
    width: shape.reduce((a, b) => a * b, 1),
    segments: [
      segment("scale", one, true),
      segment("shift", zero, true),
      segment("mean", zero, false),
      segment("variance", one, false)
    ],
    apply(x, { parameters, batch, mode, state }) {
      const fit = x.shape.map((length, i) => i === x.rank - 2 ? 1 : length);
      const flat = shape.length !== fit.length;
      const read = (last) => {
        const value = parameters[`${name}.${last}`];
        return flat ? tf7.reshape(value, fit) : value;
      };
      const [scale, shift, mean, variance] = [read("scale"), read("shift"), read("mean"), read("variance")];
      if (!mode.training) {
        const slope = tf7.div(scale, tf7.sqrt(tf7.add(variance, epsilon)));
        return tf7.add(tf7.mul(x, slope), tf7.sub(shift, tf7.mul(mean, slope)));
      }
      const now = normalizeRows(x, scale, shift, batch.weight, epsilon);
      const move = (running, seen) => {
        const moved = tf7.add(running, tf7.mul(tf7.sub(seen, running), momentum));
        return flat ? tf7.reshape(moved, [...shape]) : moved;
      };
      state[`${name}.mean`] = move(mean, now.mean);
      state[`${name}.variance`] = move(variance, now.variance);
      return now.value;
    }
  };
};
var activate = (x, norm, run, dropout = 0) => {
  const y = relu2(norm === void 0 ? x : norm.apply(x, run));
  return dropout > 0 ? run.mode.dropout(y, dropout) : y;
};
var perceptron = (name, from, hidden, options = {}) => {
  const of = options.task === void 0 ? {} : { task: options.task };
  const layers = hidden.map((to, i) => ({
    linear: linear(`${name}.${i + 1}`, hidden[i - 1] ?? from, to, { ...options, activation: "relu" }),
    norm: options.batchNorm ? batchNorm(`${name}.${i + 1}`, [1, to], ["row", "out"], of) : void 0
  }));
  return {
    width: hidden.at(-1) ?? from,
    segments: layers.flatMap((layer) => [...layer.linear.segments, ...layer.norm?.segments ?? []]),
    apply: (x, run) => layers.reduce((y, layer) => activate(layer.linear.apply(y, run), layer.norm, run, options.dropout), x)
  };
};

// src/models/input.ts
var embed = (features, width, run) => {
  const fields = features.categorical.length;
  let offset = 0;
  const offsets = features.categorical.map(({ size: size2 }) => (offset += size2) - size2);
  const ids = tf8.add(run.batch.categorical, tf8.tensor2d([offsets], [1, fields], "int32"));
  return tf8.reshape(lookup(run.parameters.embedding, tf8.reshape(ids, [-1])), [-1, fields * width]);
};
var inputs = (features, options) => {
  const { embedding: width = 0, numericFields = 1 } = options;
  const rows = features.categorical.reduce((sum, field) => sum + field.size, 0);
  const columns = features.numeric.length;
  const projected = columns > 0 && numericFields > 0;
  if (width < 1 && (rows > 0 || projected)) {
    const seen = `${features.categorical.length} categorical fields and ${columns} numeric columns`;
    throw new SpecificationError(`A world with ${seen} needs \`embedding\` of at least 1, not ${options.embedding}.`);
  }
  if (rows + columns === 0) throw new SpecificationError("A world without any feature has nothing to predict from.");
  const numeric = projected ? linear("numeric", columns, numericFields * width, { role: "input" }) : void 0;
  const segments = [];
  if (rows > 0) {
    const initial = { kind: "glorot", fanIn: rows, fanOut: width };
    segments.push({ name: "embedding", shape: [rows, width], axes: ["row", "out"], role: "embedding", initial });
  }
  return {
    segments: [...segments, ...numeric?.segments ?? []],
    width: features.categorical.length * width + (numeric?.width ?? columns),
    apply(_, run) {
      const pieces = [];
      if (rows > 0) pieces.push(embed(features, width, run));
      if (columns > 0) pieces.push(numeric === void 0 ? run.batch.numeric : numeric.apply(run.batch.numeric, run));
      return pieces.length === 1 ? pieces[0] : tf8.concat(pieces, 1);
    }
  };
};

// src/models/towers.ts
import * as tf10 from "@tensorflow/tfjs";

// src/models/stack.ts
import * as tf9 from "@tensorflow/tfjs";
var asStack = (x) => x.order === "stack" ? x.value : tf9.transpose(tf9.reshape(x.value, [x.value.shape[0], x.count, -1]), [1, 0, 2]);
var wide = (x) => "order" in x;
var level = (name, options, from, to, shared, last) => {
  const { role, axis, count } = options;
  const initial = startOf(from, to, last ? "none" : "relu");
  const shape = shared ? [from, count, to] : [count, from, to];
  const axes = shared ? ["in", axis, "out"] : [axis, "in", "out"];
  const rowShape = shared ? [1, count, to] : [count, 1, to];
  const rowAxes = shared ? ["row", axis, "out"] : [axis, "row", "out"];
  const norm = options.batchNorm && !last ? batchNorm(name, rowShape, rowAxes) : void 0;
  const weight = { name: `${name}.weight`, shape, axes, role, initial };
  const bias = {
    name: `${name}.bias`,
    shape: rowShape,
    axes: rowAxes,
    role,
    initial: { kind: "constant", value: 0 }
  };
  return {
    segments: [weight, bias, ...norm?.segments ?? []],
    apply(x, run) {
      const [w, b] = [run.parameters[weight.name], run.parameters[bias.name]];
      const y = shared ? addRow(tf9.matMul(x, tf9.reshape(w, [from, count * to])), tf9.reshape(b, [1, count * to])) : addRow(tf9.matMul(wide(x) ? asStack(x) : x, w), b);
      const value = last ? y : activate(y, norm, run, options.dropout);
      return shared ? { order: "rows", value, count } : { order: "stack", value };
    }
  };
};
var stack = (name, options, shared) => {
  const widths = [...options.hidden, ...options.last === void 0 ? [] : [options.last]];
  const levels = widths.map((to, i) => {
    const last = i === options.hidden.length;
    return level(`${name}.${i + 1}`, options, widths[i - 1] ?? options.from, to, shared && i === 0, last);
  });
  return {
    width: widths.at(-1) ?? options.from,
    segments: levels.flatMap((l) => l.segments),
    apply: (x, run) => levels.reduce((y, l) => l.apply(y, run), x)
  };
};

// src/models/towers.ts
var headWidth = (task) => task.kind === "multiclass" ? task.classes : 1;
var tower = (name, task, options) => {
  const of = { role: "tower", task: task.name };
  const hidden = perceptron(name, options.from, options.hidden, { ...options, ...of });
  const head = linear(`${name}.${options.hidden.length + 1}`, hidden.width, headWidth(task), of);
  return {
    width: head.width,
    segments: [...hidden.segments, ...head.segments],
    apply: (x, run) => head.apply(hidden.apply(x, run), run)
  };
};
var separate = (name, tasks, options) => {
  const towers2 = tasks.map((task) => tower(tasks.length === 1 ? name : `${name}.${task.name}`, task, options));
  return {
    width: 0,
    segments: towers2.flatMap((t) => t.segments),
    apply(x, run) {
      const own = "all" in x ? tasks.map(() => x.all) : tf10.unstack(x.each, 0);
      return Object.fromEntries(tasks.map((task, i) => [task.name, towers2[i].apply(own[i], run)]));
    }
  };
};
var towers = (name, tasks, options) => {
  const last = headWidth(tasks[0]);
  if (tasks.length === 1 || tasks.some((task) => headWidth(task) !== last)) return separate(name, tasks, options);
  const size2 = { role: "tower", axis: "task", count: tasks.length, last };
  const all = stack(name, { ...options, ...size2 }, options.shared);
  return {
    width: 0,
    segments: all.segments,
    apply(x, run) {
      const heads = tf10.unstack(asStack(all.apply("all" in x ? x.all : x.each, run)), 0);
      return Object.fromEntries(tasks.map((task, i) => [task.name, heads[i]]));
    }
  };
};

// src/models/shared-bottom.ts
var sharedBottomModel = (options, name = "shared-bottom") => defineModel(name, ({ features, tasks }) => {
  const { dropout, batchNorm: batchNorm2 } = options;
  const input = inputs(features, options);
  const bottom = perceptron("bottom", input.width, options.bottom, { role: "bottom", dropout, batchNorm: batchNorm2 });
  const own = { from: bottom.width, hidden: options.tower, shared: true, dropout, batchNorm: batchNorm2 };
  const tower2 = towers("tower", tasks, own);
  return {
    layers: [input, bottom, tower2],
    forward: (run) => tower2.apply({ all: bottom.apply(input.apply(void 0, run), run) }, run)
  };
});

// src/models/mlp.ts
var mlpModel = ({ hidden, embedding = 8, ...rest }) => sharedBottomModel({ ...rest, embedding, numericFields: 0, bottom: hidden, tower: [] }, "mlp");

// scenarios/mb1.ts
import { z } from "zod";

// src/data/table.ts
var sharedFloats = (length) => new Float32Array(new SharedArrayBuffer(length * 4));
var sharedInts = (length) => new Int32Array(new SharedArrayBuffer(length * 4));

// scenarios/kind.ts
var worldKind = (kind) => kind;

// scenarios/mb1.ts
var schema = z.strictObject({
  kind: z.literal("mb1"),
  clients: z.int().min(1).default(200).describe("clients, each a scenario of its own"),
  rows: z.int().min(1).default(64).describe("training rows of each client"),
  columns: z.int().min(1).default(32).describe("numeric features"),
  classes: z.int().min(2).default(4).describe("classes of the one task"),
  noise: z.number().min(0).default(0.5).describe("standard deviation of what is added to each class score"),
  test: z.int().min(0).default(0).describe("test rows of each client")
});
var mb1 = (options = {}) => ({ kind: "mb1", ...options });
var mb1Kind = worldKind({
  sentence: "The training-bound micro-benchmark: 200 clients with 64 rows of 32 features in 4 classes.",
  source: "the common yardstick that federated learning simulators were timed with",
  schema,
  load: (spec, { seed }) => Promise.resolve(generate(spec, seed))
});
var generate = (spec, seed) => {
  const named = streams(seed);
  const weights = Float64Array.from({ length: spec.columns * spec.classes }, drawer(named("mb1", "weights")));
  const table = (client, which, rows) => {
    const draw = drawer(named("mb1", which, client));
    const numeric = sharedFloats(rows * spec.columns);
    const labels = sharedFloats(rows);
    for (let row = 0; row < rows; row++) {
      const x = numeric.subarray(row * spec.columns, (row + 1) * spec.columns);
      for (let c = 0; c < x.length; c++) x[c] = draw();
      labels[row] = argmax(spec.classes, (k) => {
        let score = spec.noise * draw();
        for (let c = 0; c < x.length; c++) score += x[c] * weights[c * spec.classes + k];
        return score;
      });
    }
    return { rows, categorical: sharedInts(0), numeric, labels };
  };
  return {
    name: "mb1",
    features: { categorical: [], numeric: Array.from({ length: spec.columns }, (_, c) => `x${c + 1}`) },
    tasks: [{ name: "class", kind: "multiclass", classes: spec.classes }],
    scenarios: Array.from({ length: spec.clients }, (_, client) => ({
      name: `client-${client + 1}`,
      train: table(client, "train", spec.rows),
      validation: table(client, "validation", 0),
      test: table(client, "test", spec.test)
    })),
    origins: [],
    split: `${spec.rows} rows to train and ${spec.test} to test for each client, drawn independently`,
    notes: []
  };
};
var drawer = (stream) => () => normal(stream);
var argmax = (n, score) => {
  let best = 0;
  let highest = -Infinity;
  for (let k = 0; k < n; k++) {
    const s = score(k);
    if (s > highest) {
      highest = s;
      best = k;
    }
  }
  return best;
};

// bench/engine-mb1.ts
var size = { clients: 200, perRound: 20, batch: 16, rate: 0.05 };
var round = async (engine5, program, parameters, number) => {
  const chosen = permutation(size.clients, streams("mb1")("select", number)).subarray(0, size.perRound).sort();
  const jobs = Array.from(chosen, (client) => ({
    kind: "train",
    client: `client-${client}`,
    program,
    data: String(client),
    parameters,
    plan: { epochs: 1, seed: "mb1", key: ["batches", number, client] }
  }));
  return meanOf((await Promise.all(engine5.train(jobs))).map((result) => result.parameters));
};
var meanOf = (vectors) => {
  const sum = new Float64Array(vectors[0].length);
  for (const vector of vectors) for (let i = 0; i < sum.length; i++) sum[i] += vector[i];
  const mean = new Float32Array(sum.length);
  for (let i = 0; i < sum.length; i++) mean[i] = sum[i] / vectors.length;
  return mean;
};
var engineUpdatesPerSecond = async ({ engine: engine5, cohort = 20, rounds = 50 } = {}) => {
  const used = engine5 ?? await openEngine({ workers: 0 });
  const world = await mb1Kind.load(mb1Kind.schema.parse(mb1()), { seed: "mb1", cwd: "." });
  const model = mlpModel({ hidden: [64] });
  const layout = buildLayout(model.segments(world.features, world.tasks));
  const training2 = {
    model,
    features: world.features,
    tasks: world.tasks,
    layout,
    optimizer: sgd(size.rate),
    taskWeights: [1],
    proximal: false,
    proximalSegments: [],
    batch: size.batch,
    chunk: 4,
    cohort
  };
  const { program } = await used.prepare(training2);
  for (const [i, { train }] of world.scenarios.entries()) await used.register(String(i), train);
  let parameters = initialize(layout, streams("mb1"));
  const fly = async (from, to) => {
    for (let number = from; number < to; number++) parameters = await round(used, program, parameters, number);
  };
  const warmUp = Math.ceil(rounds / 5);
  await fly(0, warmUp);
  const before = process.cpuUsage();
  await fly(warmUp, warmUp + rounds);
  const { user, system } = process.cpuUsage(before);
  if (engine5 === void 0) await used.close();
  return rounds * size.perRound * 1e6 / (user + system);
};

// bench/.scratch-feeder.ts
var training;
var portsOf = ({ nodes, outputs }) => ({
  inputs: nodes.flatMap(({ source, shape, dtype }) => source ? [{ name: nameOf2(source), kind: source, shape, dtype }] : []),
  outputs: outputs.map(({ sink, node }) => ({ name: nameOf2(sink), kind: sink, shape: nodes[node].shape, dtype: nodes[node].dtype }))
});
var executor = new Executor(async (_p, part) => ({ ...portsOf(trace(trainingBody(training, part === "chunk" ? 4 : 1))), run: async () => {
}, close: async () => {
} }));
var programs = { prepare: (t) => {
  training = t;
  return { program: "p" };
}, training: () => training, recipe: () => recipeOf(training, "p", 512) };
var engine4 = new CohortEngine("x", programs, new Inline(executor, programs));
for (let i = 0; i < 6; i++) {
  const u = await engineUpdatesPerSecond({ engine: new CohortEngine("x", programs, new Inline(new Executor(executor.open), programs)), rounds: 1e3 });
  console.log(u.toFixed(0), "updates/s =", (1e6 / u).toFixed(2), "us each");
}
