internal import MinkeCheckpoints
internal import MinkeTensors

/// The weights of a model in the layout that kernels read.
struct LoadedWeights {
  let arena: Arena
  /// Whose rows are read where they lie.
  let embedding: StoredTensor
  let origin: WeightOrigin
  /// What keeps them for the next time.
  let writing: PackWriting?
  /// Experts that stay in the file.
  let experts: ExpertCache?
}

/// Where weights came from.
package enum WeightOrigin: Sendable {
  /// They were packed.
  case checkpoint
  /// They were packed earlier.
  case packCache
}
