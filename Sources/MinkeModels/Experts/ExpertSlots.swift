internal import Foundation

/// Which of a model's experts are in memory, and which make room for others: the decisions, without the memory.
///
/// An expert is worth the more the more often and the more recently it was used, its uses counting half as much after
/// ``halfLife`` passes (LRFU: Lee et al., *LRFU: A Spectrum of Policies that Subsumes the Least Recently Used and Least
/// Frequently Used Policies*, IEEE Transactions on Computers 50(12), 2001). Worths are kept as logarithms, which time moves
/// all alike, so that only those of experts in use change. Of equals the one goes whose layer comes again last: layers take
/// turns, and the least recently used would be the next that is needed.
package struct ExpertSlots {
  /// An expert that is to be read to a slot.
  package struct Load: Equatable {
    package var expert: Int
    package var slot: Int
    /// Whose place it takes.
    package var evicted: Int?

    package init(expert: Int, slot: Int, evicted: Int? = nil) {
      self.expert = expert
      self.slot = slot
      self.evicted = evicted
    }
  }

  /// Passes after which a use counts half.
  static let halfLife = 64.0

  let expertsPerLayer: Int
  private let layerCount: Int
  /// The expert of each slot.
  package private(set) var held: [Int?]
  /// The slot of each expert.
  private var slots: [Int?]
  /// Of each expert, the binary logarithm of its uses at pass 0, each growing with its pass.
  private var worths: [Double]
  /// The last round that each slot was needed in.
  private var rounds: [Int]
  private var round = 0
  private var pass = 0
  private var freeCount = 0

  /// - Parameter slotCount: at least one.
  package init(slotCount: Int, layerCount: Int, expertsPerLayer: Int) {
    self.expertsPerLayer = expertsPerLayer
    self.layerCount = layerCount
    held = Array(repeating: nil, count: slotCount)
    rounds = Array(repeating: 0, count: slotCount)
    slots = Array(repeating: nil, count: layerCount * expertsPerLayer)
    worths = Array(repeating: -.infinity, count: layerCount * expertsPerLayer)
  }

  /// Experts are numbered layer after layer.
  package func number(_ expert: Int, layer: Int) -> Int { layer * expertsPerLayer + expert }

  /// Where an expert is; nil where it is not in memory.
  package func slot(of expert: Int) -> Int? { slots[expert] }

  /// To be called before the first layer of each pass.
  package mutating func beginPass() { pass += 1 }

  /// Makes room for different experts of one layer that are needed together, at most as many as there are slots.
  ///
  /// - Returns: those that must be read; until then their slots hold what was there.
  package mutating func admit(_ experts: some Sequence<Int>) -> [Load] {
    round += 1
    // First all that are there, so that none of them makes room for another.
    for expert in experts {
      touch(expert)
      if let slot = slots[expert] { rounds[slot] = round }
    }
    var loads: [Load] = []
    for expert in experts where slots[expert] == nil {
      let slot = nextSlot(layer: expert / expertsPerLayer)
      let evicted = held[slot]
      if let evicted { slots[evicted] = nil }
      held[slot] = expert
      slots[expert] = slot
      rounds[slot] = round
      loads.append(Load(expert: expert, slot: slot, evicted: evicted))
    }
    return loads
  }

  private mutating func touch(_ expert: Int) {
    let now = Double(pass) / Self.halfLife
    worths[expert] = now + log2(1 + exp2(worths[expert] - now))
  }

  private mutating func nextSlot(layer: Int) -> Int {
    if freeCount < held.count {
      freeCount += 1
      return freeCount - 1
    }
    var (best, least, farthest) = (Int?.none, Double.infinity, 0)
    for (slot, expert) in held.enumerated() where rounds[slot] != round {
      guard let expert, worths[expert] <= least else { continue }
      let distance = (expert / expertsPerLayer - layer - 1 + layerCount) % layerCount
      if worths[expert] < least || distance > farthest || best == nil {
        (best, least, farthest) = (slot, worths[expert], distance)
      }
    }
    guard let best else { preconditionFailure("as many slots as experts that are needed together") }
    return best
  }
}
