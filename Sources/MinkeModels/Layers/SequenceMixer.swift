internal import MinkeTensors

/// What lets the rows of a sequence see one another: attention of one kind or another.
protocol SequenceMixer {
  /// The product it begins with.
  var first: Linear { get }
  /// Whether the input must be given as 8-bit integers too.
  var readsQuantized: Bool { get }

  /// The weights of layer `index`, whose names begin with `prefix`.
  init(_ index: Int, _ configuration: ModelConfiguration, _ weights: inout WeightLoader, prefix: String)
    throws

  /// `pass.normed` `[rows, hiddenSize]` → `pass.branch` `[rows, hiddenSize]`. Ends with a barrier.
  ///
  /// - Parameters:
  ///   - layer: its place in the model.
  ///   - next: the product that follows, whose weights are fetched while others are waited for.
  func callAsFunction(_ pass: ForwardPass, layer: Int, next: Linear, worker: Worker)
}
