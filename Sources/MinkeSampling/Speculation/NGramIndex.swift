/// Where each n-gram of a list of tokens last ended: a hash table with linear probing that holds places only, and
/// compares the tokens there, so that an answer is never wrong.
///
/// A search looks at no more than ``longestProbe`` entries, whatever tokens someone chose; in a neighbourhood as
/// crowded as that an older n-gram is forgotten.
struct NGramIndex: Sendable {
  /// How many tokens an n-gram has.
  let length: Int
  private static let longestProbe = 64
  /// The last token's place plus one; 0 where nothing is. A power of two, at least twice `count`.
  private var places: [Int32]
  private var count = 0

  init(length: Int) {
    self.length = length
    places = Array(repeating: 0, count: 64)
  }

  mutating func removeAll() {
    count = 0
    for index in places.indices { places[index] = 0 }
  }

  /// The place of the last token of the last n-gram like the one that ends at `place`, if any was inserted.
  func find(endingAt place: Int, in tokens: borrowing [Int32]) -> Int? {
    guard place + 1 >= length else { return nil }
    let found = places[slot(endingAt: place, in: tokens)]
    guard found > 0, isEqual(Int(found) - 1, place, in: tokens) else { return nil }
    return Int(found) - 1
  }

  /// Notes the n-gram that ends at `place`.
  mutating func insert(endingAt place: Int, in tokens: borrowing [Int32]) {
    guard place + 1 >= length else { return }
    if 2 * (count + 1) > places.count { grow(tokens) }
    let slot = slot(endingAt: place, in: tokens)
    if places[slot] == 0 { count += 1 }
    places[slot] = Int32(truncatingIfNeeded: place + 1)
  }

  private mutating func grow(_ tokens: borrowing [Int32]) {
    let old = places
    places = Array(repeating: 0, count: 2 * old.count)
    count = 0
    for entry in old where entry > 0 {
      let slot = slot(endingAt: Int(entry) - 1, in: tokens)
      if places[slot] == 0 { count += 1 }
      places[slot] = max(places[slot], entry)
    }
  }

  /// Where the n-gram that ends at `place` stands, or is to stand.
  private func slot(endingAt place: Int, in tokens: borrowing [Int32]) -> Int {
    let mask = places.count - 1
    let home = Int(truncatingIfNeeded: hash(endingAt: place, in: tokens) >> 24) & mask
    for step in 0..<min(Self.longestProbe, places.count) {
      let slot = (home + step) & mask
      let entry = Int(places[slot])
      if entry == 0 || isEqual(entry - 1, place, in: tokens) { return slot }
    }
    return home
  }

  private func hash(endingAt place: Int, in tokens: borrowing [Int32]) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: length)
    for index in place + 1 - length...place {
      hash = (hash ^ UInt64(UInt32(bitPattern: tokens[index]))) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 29
    }
    return hash
  }

  private func isEqual(_ first: Int, _ second: Int, in tokens: borrowing [Int32]) -> Bool {
    for back in 0..<length where tokens[first - back] != tokens[second - back] { return false }
    return true
  }
}
