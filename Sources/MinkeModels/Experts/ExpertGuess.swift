internal import Dispatch
internal import MinkeCheckpoints
internal import MinkeTensors

/// Which experts the next layer will need, guessed while this one is computed: what its router makes of this layer's
/// input. The residual stream changes little from one layer to the next.
@safe
struct ExpertGuess {
  /// Rows up to which guesses are made: with many rows a layer needs nearly all of its experts.
  static let rowLimit = WorkerRows.limit

  /// `[rowLimit, experts]`
  let scores: Rows
  private let preferences: Rows
  /// `[rowLimit · used]`
  private let chosen: UnsafeMutablePointer<Int32>
  private let factors: UnsafeMutablePointer<Float>
  private let usedCount: Int
  private let memory: Arena
  /// The pass that an expert was last asked for in.
  private var asked: [Int]
  private var pass = 0
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
    asked = Array(repeating: 0, count: experts)
  }

  mutating func beginPass() { pass += 1 }

  func hasAsked(for expert: Int) -> Bool { asked[expert] == pass }

  /// Has another thread ask the system for the experts that the guess finds and `isMissing` has not got in memory.
  ///
  /// - Parameter first: the number of the layer's first expert.
  /// - Returns: how many those are.
  mutating func ask(
    _ layer: ExpertCache.Layer, rows: Int, first: Int, isMissing: (Int) -> Bool
  ) -> Int {
    unsafe layer.router.choose(
      0..<rows, used: usedCount, scores: scores, preferences: preferences, chosen: chosen, factors: factors)
    var wanted: [Int] = []
    for place in 0..<rows * usedCount {
      let expert = unsafe Int(chosen[place])
      guard !hasAsked(for: first + expert), isMissing(first + expert) else { continue }
      asked[first + expert] = pass
      wanted.append(expert)
    }
    if !wanted.isEmpty {
      queue.async { [wanted] in
        for expert in wanted {
          for matrices in layer.matrices { matrices.prefetch(expert) }
        }
      }
    }
    return wanted.count
  }
}
