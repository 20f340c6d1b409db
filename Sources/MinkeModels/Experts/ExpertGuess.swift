internal import Dispatch
internal import MinkeCheckpoints
internal import MinkeTensors

/// Which experts the next layer will need, guessed while this one is computed: what its router makes of this layer's
/// input. In a trained model the residual stream changes little from one layer to the next; where too many guesses
/// turn out wrong they are still made, but nothing is read ahead for them.
@safe
struct ExpertGuess {
  /// Rows up to which guesses are made: with many rows a layer needs nearly all of its experts.
  static let rowLimit = WorkerRows.limit
  /// The share of right guesses from which reading ahead is worth it: with half of them right it was seen to cost more than
  /// it saves.
  static let leastTrust = 0.75

  /// `[rowLimit, experts]`
  let scores: Rows
  private let preferences: Rows
  /// `[rowLimit · used]`
  private let chosen: UnsafeMutablePointer<Int32>
  private let factors: UnsafeMutablePointer<Float>
  private let usedCount: Int
  private let memory: Arena
  /// The pass that an expert was last guessed in.
  private var guessed: [Int]
  private var pass = 0
  /// Guesses of the layer at hand that have not been found right or wrong.
  private var open = 0
  /// The share of guesses that were right, the last ones counting most.
  private(set) var trust = 1.0
  private let queue = DispatchQueue(label: "minke.experts", qos: .userInitiated)

  /// - Parameter experts: of all layers.
  init(_ configuration: ExpertConfiguration, experts: Int) throws {
    let (limit, used) = (Self.rowLimit, configuration.usedCount)
    memory = try Arena(
      byteCount: 4 * Arena.alignment + 2 * limit * 4 * (Rows.paddedWidth(configuration.count) + used))
    scores = try memory.rows(count: limit, width: configuration.count)
    preferences = try memory.rows(count: limit, width: configuration.count)
    unsafe chosen = try memory.allocate(Int32.self, count: limit * used)
    unsafe factors = try memory.allocate(Float.self, count: limit * used)
    usedCount = used
    guessed = Array(repeating: 0, count: experts)
  }

  mutating func beginPass() { pass += 1 }

  /// Whether an expert was guessed in this pass.
  func contains(_ expert: Int) -> Bool { guessed[expert] == pass }

  /// Learns how many of the guesses for the layer at hand were right.
  mutating func settle(right: Int) {
    if open > 0 { trust += (Double(right) / Double(open) - trust) / 32 }
    open = 0
  }

  /// Guesses what a layer will need and `isMissing` has not got in memory. Where guesses can be trusted, another thread asks
  /// the system for those.
  ///
  /// - Parameter first: the number of the layer's first expert.
  /// - Returns: how many were guessed, and how many of them asked for.
  mutating func ask(
    _ layer: ExpertCache.Layer, rows: Int, first: Int, isMissing: (Int) -> Bool
  ) -> (guessed: Int, asked: Int) {
    unsafe layer.router.choose(
      0..<rows, used: usedCount, scores: scores, preferences: preferences, chosen: chosen, factors: factors)
    var wanted: [Int] = []
    for place in 0..<rows * usedCount {
      let expert = unsafe Int(chosen[place])
      guard !contains(first + expert), isMissing(first + expert) else { continue }
      guessed[first + expert] = pass
      wanted.append(expert)
    }
    open = wanted.count
    guard !wanted.isEmpty, trust >= Self.leastTrust else { return (wanted.count, 0) }
    queue.async { [wanted] in
      for expert in wanted {
        for matrices in layer.matrices { matrices.prefetch(expert) }
      }
    }
    return (wanted.count, wanted.count)
  }
}
