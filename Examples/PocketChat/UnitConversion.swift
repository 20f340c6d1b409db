import MinkeChat

/// What the model may have computed, since small models guess at it.
struct UnitConversion: Decodable, Sendable, SchemaDescribing {
  enum Unit: String, Decodable, CaseIterable, Sendable {
    case meters, kilometers, feet, miles
    case kilograms, pounds
    case celsius, fahrenheit
  }

  var value: Double
  var from: Unit
  var to: Unit

  static let propertyDescriptions = [
    "value": "The number to convert", "from": "The unit it is in", "to": "The unit that is wanted",
  ]

  /// - Throws: what the model reads, and may mend its call by.
  func result() throws(ChatError) -> String {
    guard from.quantity == to.quantity else {
      throw ChatError(at: "to", found: to.rawValue, expected: "a unit of \(from.quantity)")
    }
    let base = value * from.scale + from.offset
    let result = (base - to.offset) / to.scale
    return "\((result * 1000).rounded() / 1000) \(to.rawValue)"
  }

  static func tool() throws(ChatError) -> Tool {
    try Tool("convert_units", "Converts lengths, masses and temperatures") { (conversion: UnitConversion) in
      try conversion.result()
    }
  }
}

extension UnitConversion.Unit {
  fileprivate enum Quantity { case length, mass, temperature }

  fileprivate var quantity: Quantity {
    switch self {
    case .meters, .kilometers, .feet, .miles: .length
    case .kilograms, .pounds: .mass
    case .celsius, .fahrenheit: .temperature
    }
  }

  /// Meters, kilograms or degrees Celsius in one.
  fileprivate var scale: Double {
    switch self {
    case .meters, .kilograms, .celsius: 1
    case .kilometers: 1000
    case .feet: 0.3048
    case .miles: 1609.344
    case .pounds: 0.453_592_37
    case .fahrenheit: 5.0 / 9
    }
  }

  /// Where its zero lies, in the same.
  fileprivate var offset: Double { self == .fahrenheit ? -32 * 5.0 / 9 : 0 }
}
