/// The numbers that a schema allows, in plain decimal notation: automata that compare digits while they read them.
struct NumberLanguage {
  private let constraint: NumberConstraint
  private let isInteger: Bool

  /// - Parameter isInteger: whether only integers are written, without a point.
  init(_ constraint: NumberConstraint, isInteger: Bool) {
    self.constraint = constraint
    self.isInteger = isInteger
  }

  func automaton(budget: inout CompilationBudget) throws(GrammarError) -> Automaton {
    let (minimum, maximum) = (constraint.minimum, constraint.maximum)
    let positive = try magnitudes(minimum, maximum, &budget)
    // What is above −b and below −a, with a minus sign before it, is above a and below b.
    let negative = try magnitudes(maximum?.negated, minimum?.negated, &budget)
    return try Automaton(
      .choice([.automaton(positive), .sequence([.text("-"), .automaton(negative)])]), budget: &budget)
  }

  /// The numbers without a sign between the bounds.
  private func magnitudes(
    _ minimum: NumberConstraint.Bound?, _ maximum: NumberConstraint.Bound?, _ budget: inout CompilationBudget
  ) throws(GrammarError) -> Automaton {
    let shape: Expression =
      isInteger ? JSONRules.natural : .sequence([JSONRules.natural, .optional(JSONRules.fraction)])
    var result = try Automaton(shape, budget: &budget)
    if let minimum, !minimum.value.isNegative {
      let orders: Set<DecimalOrder> = minimum.isExclusive ? [.above] : [.above, .equal]
      result = try result.intersection(DecimalComparison.automaton(minimum.value, orders, &budget), &budget)
    }
    if let maximum {
      guard !maximum.value.isNegative else { return try Automaton(.nothing, budget: &budget) }
      let orders: Set<DecimalOrder> = maximum.isExclusive ? [.below] : [.below, .equal]
      result = try result.intersection(DecimalComparison.automaton(maximum.value, orders, &budget), &budget)
    }
    for multiple in constraint.multiples {
      result = try result.intersection(DecimalMultiples.automaton(multiple, &budget), &budget)
    }
    return result
  }
}

extension NumberConstraint.Bound {
  fileprivate var negated: Self { Self(value: value.negated, isExclusive: isExclusive) }
}

/// How what was read compares with a bound.
enum DecimalOrder: Int, CaseIterable {
  /// First, as before the first digit nothing is decided.
  case equal, below, above

  init(_ digit: UInt8, _ other: UInt8) {
    self = digit < other ? .below : digit > other ? .above : .equal
  }
}

/// The decimals without a sign that compare with a number in one of some ways.
enum DecimalComparison {
  /// Numbers may be written with zeros after the last digit that counts, but not before the first.
  static func automaton(
    _ bound: JSONNumber, _ accepted: Set<DecimalOrder>, _ budget: inout CompilationBudget
  ) throws(GrammarError) -> Automaton {
    let (whole, fraction) = (bound.whole, bound.fraction)
    // After k digits of as many as the bound has, by order so far; then one for more digits than that.
    func read(_ count: Int, _ order: DecimalOrder) -> Int { count * 3 + order.rawValue }
    let longer = (whole.count + 1) * 3
    // After the point: decided; or equal so far, with k digits read.
    func decided(_ order: DecimalOrder) -> Int { longer + 1 + order.rawValue }
    func equal(_ count: Int) -> Int { longer + 4 + count }
    var states = [Automaton.State](repeating: .init(), count: equal(fraction.count) + 1)
    for _ in states { try budget.spendState() }

    for count in 0...whole.count {
      for order in DecimalOrder.allCases {
        let state = read(count, order)
        let result: DecimalOrder = count < whole.count ? .below : order
        states[state].edges = byDigit { digit in
          guard count < whole.count else { return longer }
          return read(count + 1, order == .equal ? DecimalOrder(digit, whole[count]) : order)
        }
        states[state].addPoint(result == .equal ? equal(0) : decided(result))
        let atEnd: DecimalOrder = result == .equal && !fraction.isEmpty ? .below : result
        states[state].isAccepting = count > 0 && accepted.contains(atEnd)
      }
    }
    states[longer].edges = byDigit { _ in longer }
    states[longer].addPoint(decided(.above))
    states[longer].isAccepting = accepted.contains(.above)
    for order in DecimalOrder.allCases {
      states[decided(order)].edges = byDigit { _ in decided(order) }
      states[decided(order)].isAccepting = accepted.contains(order)
    }
    for count in 0...fraction.count {
      states[equal(count)].edges = byDigit { digit in
        guard count < fraction.count else { return digit == 0 ? equal(count) : decided(.above) }
        let order = DecimalOrder(digit, fraction[count])
        return order == .equal ? equal(count + 1) : decided(order)
      }
      states[equal(count)].isAccepting = accepted.contains(count < fraction.count ? .below : .equal)
    }
    return Automaton(states: states).trimmed { _ in false }
  }
}

/// The decimals without a sign that are multiples of a number.
enum DecimalMultiples {
  /// The greatest divisor, after its point is moved to the end.
  private static let maximumDivisor = 4096
  private static let maximumPlaces = 12

  static func automaton(
    _ multiple: Cited<JSONNumber>, _ budget: inout CompilationBudget
  ) throws(GrammarError) -> Automaton {
    let places = multiple.value.fraction.count
    let digits = multiple.value.whole + multiple.value.fraction
    guard places <= maximumPlaces, digits.count <= 16,
      case let divisor = digits.reduce(0, { $0 * 10 + Int($1) }),
      divisor <= maximumDivisor
    else {
      throw multiple.schema.unsupported(
        multiple.keyword,
        "a divisor of more than \(maximumDivisor), without its point, or \(maximumPlaces) places")
    }
    // The remainder of what was read, with so many digits after the point; what is not read counts as zeros.
    let power = (0...places).reversed().reduce(into: [1 % divisor]) { powers, _ in
      powers.append(powers[powers.count - 1] * 10 % divisor)
    }
    func whole(_ remainder: Int) -> Int { 1 + remainder }
    func after(_ count: Int, _ remainder: Int) -> Int { 1 + divisor * (count + 1) + remainder }
    var states = [Automaton.State](repeating: .init(), count: after(places + 1, 0))
    for _ in states { try budget.spendState() }
    states[0].edges = byDigit { whole(Int($0) % divisor) }
    for remainder in 0..<divisor {
      states[whole(remainder)].edges = byDigit { whole((remainder * 10 + Int($0)) % divisor) }
      states[whole(remainder)].addPoint(after(0, remainder))
      states[whole(remainder)].isAccepting = remainder * power[places] % divisor == 0
      for count in 0...places {
        let state = after(count, remainder)
        states[state].isAccepting = remainder * power[places - count] % divisor == 0
        states[state].edges =
          count < places
          ? byDigit { after(count + 1, (remainder * 10 + Int($0)) % divisor) }
          : [.init(bytes: 0x30...0x30, target: state)]
      }
    }
    return Automaton(states: states).trimmed { _ in false }
  }
}

private func byDigit(_ target: (UInt8) -> Int) -> [Automaton.ByteEdge] {
  (0...9).map { .init(bytes: 0x30 + $0...0x30 + $0, target: target($0)) }
}

extension Automaton.State {
  /// An edge for the decimal point, which comes before the digits.
  fileprivate mutating func addPoint(_ target: Int) {
    edges.insert(.init(bytes: 0x2E...0x2E, target: target), at: 0)
  }
}
