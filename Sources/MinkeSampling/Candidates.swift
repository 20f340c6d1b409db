/// Tokens that may still be chosen, with their unnormalised probabilities.
struct Candidates {
  struct Candidate {
    /// What the tokens are ordered by, greatest first: the logit, or how typical the token is.
    var rank: Float
    /// exp((logit − maximum) / temperature).
    var weight: Float
    let token: Int32

    /// A total order: equals are ordered by token id, so every selection is unique.
    @inline(__always)
    func precedes(_ other: Candidate) -> Bool {
      rank > other.rank || (rank == other.rank && token < other.token)
    }
  }

  private(set) var items: [Candidate] = []
  /// Chooses pivots, so that no input is slow for a reason that another could foresee from its order.
  private var pivotState: UInt64 = 0

  init(capacity: Int) { items.reserveCapacity(capacity) }

  var count: Int { items.count }

  mutating func removeAll() { items.removeAll(keepingCapacity: true) }

  /// Chooses pivots from here on by the number of the choice, so that a choice depends on nothing that went before.
  mutating func seedPivots(_ drawCount: UInt64) { pivotState = drawCount ^ 0x9E37_79B9_7F4A_7C15 }

  /// Adds every token whose logit is at least `threshold` and whose probability does not vanish.
  mutating func gather(
    _ logits: borrowing Span<Float>, _ blocks: borrowing LogitBlocks, from threshold: Float, scale: Float
  ) {
    for block in 0..<blocks.count where blocks.maxima[block] >= threshold {
      for part in 0..<LogitBlocks.width / 16 {
        let lanes = logits.lanes(block, part)
        guard any(lanes .>= threshold) else { continue }
        let weights = exponential((lanes - blocks.maximum) * scale)
        for lane in 0..<16 where lanes[lane] >= threshold && weights[lane] > 0 {
          items.append(
            Candidate(
              rank: lanes[lane], weight: weights[lane],
              token: Int32(truncatingIfNeeded: block * LogitBlocks.width + part * 16 + lane)))
        }
      }
    }
  }

  var totalWeight: Double { items.reduce(0) { $0 + Double($1.weight) } }

  /// Keeps those for which `isKept` holds, in their order.
  mutating func filter(_ isKept: (Candidate) -> Bool) {
    var kept = 0
    for index in items.indices where isKept(items[index]) {
      items[kept] = items[index]
      kept += 1
    }
    items.removeLast(items.count - kept)
  }

  /// Orders by a new rank.
  mutating func rank(by rank: (Candidate) -> Float) {
    for index in items.indices { items[index].rank = rank(items[index]) }
  }

  /// Keeps the first `limit` in order of rank. Expected linear time.
  mutating func keepFirst(_ limit: Int) {
    guard limit < items.count else { return }
    var low = 0
    var high = items.count
    while high - low > 1 {
      let middle = partition(low, high)
      if middle == limit { break }
      if middle > limit { high = middle } else { low = middle + 1 }
      if low >= limit { break }
    }
    items.removeLast(items.count - limit)
  }

  /// Keeps the shortest start, in order of rank, whose weights sum to at least `mass`, and at least one
  /// candidate. Expected linear time.
  mutating func keepMass(_ mass: Double) {
    var low = 0
    var high = items.count
    // The weight of those before `low`; the end lies after `low` and not after `high`.
    var before = 0.0
    while high - low > 16 {
      let middle = partition(low, high)
      var left = 0.0
      for index in low..<middle { left += Double(items[index].weight) }
      if left > 0, before + left >= mass {
        high = middle
      } else {
        before += left + Double(items[middle].weight)
        low = middle + 1
        if before >= mass { return items.removeLast(items.count - low) }
      }
    }
    insertionSort(low, high)
    while low < high, before < mass || low == 0 {
      before += Double(items[low].weight)
      low += 1
    }
    items.removeLast(items.count - low)
  }

  /// Moves a candidate of [low, high) to its place: those that precede it lie before. Returns the place.
  private mutating func partition(_ low: Int, _ high: Int) -> Int {
    pivotState = pivotState &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    items.swapAt(low + Int(pivotState >> 33) % (high - low), high - 1)
    let pivot = items[high - 1]
    var middle = low
    for index in low..<high - 1 where items[index].precedes(pivot) {
      items.swapAt(index, middle)
      middle += 1
    }
    items.swapAt(middle, high - 1)
    return middle
  }

  /// Orders a small number of candidates by rank.
  mutating func sort() { insertionSort(0, items.count) }

  private mutating func insertionSort(_ low: Int, _ high: Int) {
    for end in low..<high {
      let item = items[end]
      var place = end
      while place > low, item.precedes(items[place - 1]) {
        items[place] = items[place - 1]
        place -= 1
      }
      items[place] = item
    }
  }
}
