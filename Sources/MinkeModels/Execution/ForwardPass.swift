internal import MinkeTensors

/// What the layers of one forward pass read and write: views into a ``Workspace``, cut to the rows of the
/// batch. `rows` are tokens of one or more sequences, slice after slice.
@safe
struct ForwardPass {
  /// Consecutive rows of one sequence each.
  let slices: UnsafeBufferPointer<SequenceSlice>
  /// `[rows]`
  let tokens: UnsafePointer<Int32>
  /// Who works on rows that need no others, such as those of a norm: `.alone` where this worker has rows of its own.
  var rowWorker: Worker = .alone
  /// The residual stream `[rows, hiddenSize]`.
  var hidden: Rows
  /// A norm of it `[rows, hiddenSize]`.
  var normed: MatmulInput
  /// What a sublayer adds to the residual stream `[rows, hiddenSize]`.
  let branch: Rows
  /// `[rows, heads · keyLength]`
  let queries: Rows
  /// Queries with their norm and rotation; the same memory as `queries` where they are not copied.
  var rotated: Rows
  /// `[rows, keyValueHeads · keyLength]`
  let keys: Rows
  /// `[rows, keyValueHeads · keyLength]`
  let values: Rows
  /// `[rows, heads · valueLength]`
  var attended: MatmulInput
  /// `[rows, width of the widest network]`
  let gated: MatmulInput
  /// Of latent attention.
  let latent: LatentRows?
  /// Of linear attention.
  let linear: LinearRows?
  /// Of mixtures of experts.
  var experts: ExpertRows?
  /// Rows of `hidden` whose logits are wanted `[logits.count]`.
  let logitRows: UnsafePointer<Int32>
  /// `[logitRows, hiddenSize]`; shares memory with `normed`.
  var headInput: MatmulInput
  /// `[logitRows, vocabulary]`
  let logits: Rows
  /// Where the final norm of all rows goes `[rows, hiddenSize]`, of all workers; nil where logits are wanted.
  var embeddings: Rows?
  // The workspace that makes the pass owns these and outlives it; counting references in each layer
  // would be traffic between the workers.
  unowned(unsafe) let rotary: RotaryTable
  unowned(unsafe) let localRotary: RotaryTable
  unowned(unsafe) let attentionScratch: AttentionScratch
  /// Where the inputs of matrices are added up; nil but for measuring what matters.
  var sums: ActivationSums?
}

extension ForwardPass {
  /// Adds the branch to the residual stream. No barrier: rows stay with their worker, also where they are fewer than
  /// workers.
  func addBranch() {
    let share = rowWorker.share(of: hidden.count)
    add(hidden.rows(share), branch.rows(share), into: hidden.rows(share), worker: .alone)
  }

  /// The residual stream becomes the norm and the branch, each times its factor. No barrier: rows stay with their worker.
  func blendBranch(_ scales: ResidualScales.Pair) {
    let share = rowWorker.share(of: hidden.count)
    blend(
      normed.floats.rows(share), by: scales.input, branch.rows(share), by: scales.result,
      into: hidden.rows(share), worker: .alone)
  }

  /// Copies the queries to where they are rotated.
  func gatherQueries() {
    guard unsafe rotated.base != queries.base else { return }
    for row in 0..<queries.count {
      _ = unsafe rotated.buffer(row: row).update(
        fromContentsOf: UnsafeBufferPointer(queries.buffer(row: row)))
    }
  }

  /// The rotations of the batch's positions. No barrier: they are first used after that of the first products.
  func fillRotaryTables(_ worker: Worker) {
    for index in unsafe slices.indices {
      let slice = unsafe slices[index]
      unsafe rotary.fill(
        firstRow: slice.firstRow, count: slice.rowCount, position: slice.position, worker: worker)
      if unsafe localRotary !== rotary {
        unsafe localRotary.fill(
          firstRow: slice.firstRow, count: slice.rowCount, position: slice.position, worker: worker)
      }
    }
  }
}
