extension ArgumentReader {
  /// The first integer of the arguments that has a fraction or lies out of its range. The decoder reports such numbers
  /// without their place.
  func integerError(_ value: String, _ schema: String, at place: String) -> ChatError? {
    guard let description = JSONObject(schema) else { return nil }
    switch description.string("type") {
    case "integer":
      guard let number = Double(value) else { return nil }
      let least = description["minimum"].flatMap(Double.init) ?? Double(Int.min)
      let greatest = description["maximum"].flatMap(Double.init) ?? Double(Int.max)
      if number == number.rounded(), (least...max(least, greatest)).contains(number) { return nil }
      return ChatError(at: place, found: excerpt(value), expected: excerpt(schema, 400))
    case "object":
      for member in JSONObject(value)?.members ?? [] {
        guard let property = Self.property(member.key, of: schema) else { continue }
        if let error = integerError(member.value, property, at: "\(place).\(member.key)") { return error }
      }
    case "array":
      var scanner = JSONScanner(Array(value.utf8))
      guard let items = description["items"], let elements = scanner.array() else { return nil }
      for (index, element) in elements.enumerated() {
        if let error = integerError(element, items, at: "\(place)[\(index)]") { return error }
      }
    default: break
    }
    return nil
  }
}
