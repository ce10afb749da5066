/**
 * Keeps threads from being ended inside native code: ONNX Runtime's binding aborts the whole process when the isolate
 * that it returns to has been terminated. Workers go in for each native call; before the process or the pool ends, the
 * gate is shut, nobody gets in any more, and whoever shuts it waits until all are out.
 */
export class NativeGate {
  /** [shut, number of threads inside], over shared memory. */
  readonly cells: Int32Array
  private mine = 0

  constructor(cells: Int32Array = new Int32Array(new SharedArrayBuffer(8))) {
    this.cells = cells
  }

  /** Runs `call` inside. Throws when the gate is shut. */
  async through<T>(call: () => Promise<T>): Promise<T> {
    this.enter()
    try {
      return await call()
    } finally {
      this.leave()
    }
  }

  /** For a thread that ends by itself and will not return from a call. */
  leaveAll(): void {
    while (this.mine > 0) this.leave()
  }

  /** Shuts the gate and blocks until nobody is inside, or for `patience` milliseconds; says whether all got out. */
  shut(patience: number): boolean {
    Atomics.store(this.cells, 0, 1)
    for (let inside = Atomics.load(this.cells, 1); inside > 0; inside = Atomics.load(this.cells, 1)) {
      if (Atomics.wait(this.cells, 1, inside, patience) === 'timed-out') return false
    }
    return true
  }

  private enter(): void {
    Atomics.add(this.cells, 1, 1)
    this.mine++
    if (Atomics.load(this.cells, 0) === 0) return
    this.leave()
    throw new Error('the engine was closed')
  }

  private leave(): void {
    this.mine--
    Atomics.sub(this.cells, 1, 1)
    Atomics.notify(this.cells, 1)
  }
}
