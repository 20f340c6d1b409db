internal import MinkeTensors

/// A matrix's input, by what it stands before.
package enum ActivationPlace: Int, CaseIterable, Sendable {
  /// Queries, keys and values.
  case attention
  case attentionOutput
  /// Gate and up.
  case feedForward
  case feedForwardDown
  /// The projection to the vocabulary.
  case output
}

/// Where a pass adds up the squares of what matrices are multiplied by: a view into ``ActivationStatistics``.
///
/// Trivial, so that a pass that adds up nothing pays for a test of nil. Each worker adds up some of the columns over all
/// rows, in their order: the sums are the same bits for any number of threads.
@safe
struct ActivationSums {
  /// Σ x²: the four places of layer after layer, then the output's.
  let base: UnsafeMutablePointer<Double>
  let shape: ActivationShape

  /// Adds the rows of an input, which must be complete; no barrier.
  func add(_ rows: Rows, _ place: ActivationPlace, layer: Int = 0, worker: Worker) {
    // A cache line of sums is one worker's.
    let share = worker.share(of: rows.width, multipleOf: 8)
    let sums = unsafe base + shape.offset(of: place, layer: layer)
    for row in 0..<rows.count {
      let values = unsafe rows[row]
      for column in share {
        let value = unsafe Double(values[column])
        unsafe sums[column] += value * value
      }
    }
  }
}

/// The widths of a model's inputs, and where their sums lie.
struct ActivationShape: Sendable {
  let layerCount: Int
  /// Elements, by place.
  private let widths: [5 of Int]

  init(_ configuration: ModelConfiguration) {
    layerCount = configuration.layerCount
    widths = [
      configuration.hiddenSize, configuration.attention.queryWidth, configuration.hiddenSize,
      configuration.feedForwardSize, configuration.hiddenSize,
    ]
  }

  func width(of place: ActivationPlace) -> Int { widths[place.rawValue] }

  private var layerWidth: Int { widths[0] + widths[1] + widths[2] + widths[3] }
  /// Sums in all. Does not overflow: sizes and counts are bounded.
  var count: Int { layerCount * layerWidth + widths[4] }

  func offset(of place: ActivationPlace, layer: Int) -> Int {
    if place == .output { return layerCount * layerWidth }
    var offset = layer * layerWidth
    for index in 0..<place.rawValue { offset += widths[index] }
    return offset
  }
}
