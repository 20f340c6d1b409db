extension SchemaReader {
  /// Whether it is certain that no value fits a shape of both lists.
  mutating func areDisjoint(_ left: [Shape], _ right: [Shape], depth: Int) throws(GrammarError) -> Bool {
    for one in left {
      for other in right {
        guard try areDisjoint(one, other, depth: depth) else { return false }
      }
    }
    return true
  }

  private mutating func areDisjoint(_ left: Shape, _ right: Shape, depth: Int) throws(GrammarError) -> Bool {
    try budget.spendSteps(256)
    let types = left.types.intersection(right.types)
    if types.isEmpty { return true }
    for (one, other) in [(left, right), (right, left)] {
      guard let values = one.values else { continue }
      for value in try admitted(values, one) {
        if try admits(other, value, depth: 0) { return false }
      }
      return true
    }
    // Null, true and false are the same wherever they are allowed.
    guard types.isDisjoint(with: [.null, .boolean]) else { return false }
    if !types.isDisjoint(with: .number), !left.number.isDisjoint(from: right.number) { return false }
    if types.contains(.string), try !areDisjoint(strings: left, right) { return false }
    if types.contains(.array), !left.array.isDisjoint(from: right.array) { return false }
    if types.contains(.object), try !areDisjoint(left.object, right.object, depth) { return false }
    return true
  }

  private mutating func areDisjoint(strings left: Shape, _ right: Shape) throws(GrammarError) -> Bool {
    if haveDisjointCounts(
      left.string.minimum, left.string.maximum, right.string.minimum, right.string.maximum)
    {
      return true
    }
    guard !left.string.isLong, !right.string.isLong, let one = try content(of: left),
      let other = try content(of: right)
    else { return false }
    let both = try Automaton(one, budget: &budget).intersection(
      try Automaton(other, budget: &budget), &budget)
    return both.isEmpty
  }

  /// Objects are disjoint if there is a member that both must have, or one must and the other must not,
  /// and whose values are.
  private mutating func areDisjoint(
    _ left: ObjectConstraint, _ right: ObjectConstraint, _ depth: Int
  ) throws(GrammarError) -> Bool {
    if haveDisjointCounts(left.minimum?.value ?? 0, left.maximum, right.minimum?.value ?? 0, right.maximum) {
      return true
    }
    // Deeper discriminators are not looked for.
    guard depth < 4 else { return false }
    for name in Set((left.required + right.required).map(\.value)) {
      let one = try shapes(of: schemas(of: name, in: left))
      let other = try shapes(of: schemas(of: name, in: right))
      let isInBoth =
        left.required.contains { $0.value == name } && right.required.contains { $0.value == name }
      if one.isEmpty || other.isEmpty || (left.forbidden + right.forbidden).contains(name) { return true }
      if isInBoth, try areDisjoint(one, other, depth: depth + 1) { return true }
    }
    return false
  }
}

extension NumberConstraint {
  fileprivate func isDisjoint(from other: NumberConstraint) -> Bool {
    func isBelow(_ maximum: Bound?, _ minimum: Bound?) -> Bool {
      guard let maximum, let minimum else { return false }
      return maximum.value < minimum.value
        || maximum.value == minimum.value && (maximum.isExclusive || minimum.isExclusive)
    }
    return isBelow(maximum, other.minimum) || isBelow(other.maximum, minimum)
  }
}

extension ArrayConstraint {
  fileprivate func isDisjoint(from other: ArrayConstraint) -> Bool {
    haveDisjointCounts(minimum, maximum, other.minimum, other.maximum)
  }
}

private func haveDisjointCounts(_ minimum: Int, _ maximum: Int?, _ otherMinimum: Int, _ otherMaximum: Int?)
  -> Bool
{
  maximum.map { $0 < otherMinimum } ?? false || otherMaximum.map { $0 < minimum } ?? false
}
