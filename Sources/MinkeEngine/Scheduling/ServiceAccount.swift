/// Who has been served how much: the virtual token counter of Sheng et al., "Fairness in Serving Large Language Models"
/// (arXiv:2401.00588).
///
/// The identity that was served least goes first. One that was away is not owed what it did not ask for: it begins where
/// the least served of the others is.
struct ServiceAccount {
  /// Work of a token that is decoded, of the prompt's.
  static let decodeWeight = 2.0

  private var served: [Identity: Double] = [:]
  private var active: [Identity: Int] = [:]

  subscript(identity: Identity) -> Double { served[identity] ?? 0 }

  mutating func arrive(_ identity: Identity) {
    if active[identity] == nil {
      let least = active.keys.map { served[$0] ?? 0 }.min() ?? served[identity] ?? 0
      served[identity] = max(served[identity] ?? 0, least)
    }
    active[identity, default: 0] += 1
  }

  mutating func leave(_ identity: Identity) {
    guard let count = active[identity] else { return }
    active[identity] = count > 1 ? count - 1 : nil
    // What the least served has outgrown says nothing.
    guard active.isEmpty || served.count > 1024 else { return }
    let least = active.keys.map { served[$0] ?? 0 }.min() ?? .infinity
    served = served.filter { active[$0.key] != nil || $0.value > least }
  }

  mutating func add(_ work: Double, to identity: Identity) { served[identity, default: 0] += work }
}
