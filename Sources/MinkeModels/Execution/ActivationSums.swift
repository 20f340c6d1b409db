internal import MinkeTensors

/// A matrix's input, by what it stands before.
package enum ActivationPlace: Int, CaseIterable, Sendable {
  /// What the residual stream is multiplied by first.
  case attention
  /// Queries of their latent.
  case queryLatent
  /// Each head's query into the latent's space.
  case latentKeys
  /// Each head's value of latents.
  case latentValues
  case attentionOutput
  /// Gate and up, of a dense or a shared network, and the router.
  case feedForward
  case feedForwardDown
  /// Gate and up of each expert.
  case experts
  case expertsDown
  /// Not an input: how many rows each expert had.
  case expertCounts
  /// The projection to the vocabulary.
  case output
}

/// Where a pass adds up the squares of what matrices are multiplied by: a view into ``ActivationStatistics``.
///
/// Trivial, so that a pass that adds up nothing pays for a test of nil. Each worker adds up some of the columns over all
/// rows, in their order: the sums are the same bits for any number of threads.
@safe
struct ActivationSums {
  /// Σ x²: the places of layer after layer, then the output's.
  let base: UnsafeMutablePointer<Double>
  let shape: ActivationShape

  /// Adds the rows of an input, which must be complete; no barrier.
  func add(_ rows: Rows, _ place: ActivationPlace, layer: Int = 0, worker: Worker) {
    let sums = unsafe base + shape.offset(of: place, layer: layer)
    // A cache line of sums is one worker's.
    let share = worker.share(of: rows.width, multipleOf: 8)
    for row in 0..<rows.count { unsafe Self.add(rows[row], share, to: sums) }
  }

  /// Adds the input of each expert: `rowOf` says which row of `rows` is that of a pair.
  func add(
    _ rows: Rows, _ groups: ExpertGroups, _ place: ActivationPlace, layer: Int, worker: Worker,
    rowOf: (_ pair: Int) -> Int
  ) {
    let sums = unsafe base + shape.offset(of: place, layer: layer)
    let share = worker.share(of: rows.width, multipleOf: 8)
    for number in 0..<groups.activeCount {
      let expert = groups.active(number)
      for pair in groups.pairs(of: expert) {
        unsafe Self.add(rows[rowOf(pair)], share, to: sums + expert * rows.width)
      }
    }
  }

  /// Counts the rows of each expert.
  func count(_ groups: ExpertGroups, layer: Int, worker: Worker) {
    guard worker.index == 0 else { return }
    let counts = unsafe base + shape.offset(of: .expertCounts, layer: layer)
    for number in 0..<groups.activeCount {
      let expert = groups.active(number)
      unsafe counts[expert] += Double(groups.pairs(of: expert).count)
    }
  }

  private static func add(
    _ values: UnsafePointer<Float>, _ columns: Range<Int>, to sums: UnsafeMutablePointer<Double>
  ) {
    for column in columns {
      let value = unsafe Double(values[column])
      unsafe sums[column] += value * value
    }
  }
}

/// The widths of a model's inputs, and where their sums lie. Every layer has room for all kinds of layers.
struct ActivationShape: Sendable {
  let layerCount: Int
  /// Elements, by place.
  private let widths: [11 of Int]

  init(_ configuration: ModelConfiguration) {
    layerCount = configuration.layerCount
    let (hidden, attention) = (configuration.hiddenSize, configuration.attention)
    let (latent, experts) = (configuration.latent, configuration.experts)
    widths = [
      hidden, latent?.queryLatentLength ?? 0, attention.headCount * (latent?.plainLength ?? 0),
      attention.headCount * (latent?.latentLength ?? 0), attention.outputWidth, hidden,
      configuration.widestFeedForward, (experts?.count ?? 0) * hidden,
      (experts?.count ?? 0) * (experts?.feedForwardSize ?? 0), experts?.count ?? 0, hidden,
    ]
  }

  func width(of place: ActivationPlace) -> Int { widths[place.rawValue] }

  private var layerWidth: Int {
    (0..<ActivationPlace.output.rawValue).reduce(0) { $0 + widths[$1] }
  }
  /// Sums in all. Does not overflow: sizes and counts are bounded.
  var count: Int { layerCount * layerWidth + width(of: .output) }

  func offset(of place: ActivationPlace, layer: Int) -> Int {
    if place == .output { return layerCount * layerWidth }
    var offset = layer * layerWidth
    for index in 0..<place.rawValue { offset += widths[index] }
    return offset
  }
}
