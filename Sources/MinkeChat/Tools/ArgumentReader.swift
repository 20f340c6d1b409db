internal import Foundation

/// Turns the arguments of a call into a Swift value; what is wrong with them is said in the words of their schema.
struct ArgumentReader {
  let json: String
  let schema: String

  func read<Arguments: Decodable>(_ type: Arguments.Type) throws(ChatError) -> Arguments {
    // Models leave out the object where there is nothing in it.
    let text = json.utf8.allSatisfy(isSpace) || json == "null" ? "{}" : json
    guard let object = JSONObject(text) else {
      throw ChatError(at: "arguments", found: excerpt(text), expected: "a JSON object")
    }
    try checkNames(object)
    do {
      return try JSONDecoder().decode(type, from: Data(text.utf8))
    } catch let error as DecodingError {
      throw integerError(text, schema, at: "arguments") ?? describe(error, in: text)
    } catch {
      throw ChatError(
        at: "arguments", found: excerpt(text), expected: "arguments that are accepted: \(error)")
    }
  }

  /// A misspelled name would otherwise pass for an argument that was left out.
  private func checkNames(_ object: JSONObject) throws(ChatError) {
    let schema = JSONObject(schema)
    guard schema?["additionalProperties"] == "false",
      let known = schema?["properties"].flatMap({ JSONObject($0) })?.members.map(\.key)
    else { return }
    for member in object.members where !known.contains(member.key) {
      throw ChatError(
        at: "arguments", found: "\"\(member.key)\"",
        expected: known.isEmpty ? "no arguments" : "only " + known.joined(separator: ", "))
    }
  }

  private func describe(_ error: DecodingError, in text: String) -> ChatError {
    let path: [any CodingKey]
    var isMissing = false
    switch error {
    case .keyNotFound(let key, let context):
      path = context.codingPath + [key]
      isMissing = true
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      path = context.codingPath
    @unknown default: path = []
    }
    var place = "arguments"
    var found: String? = text
    var expected: String? = schema
    for key in path {
      if let index = key.intValue {
        place += "[\(index)]"
        found = found.flatMap { Self.element(index, of: $0) }
        expected = expected.flatMap { JSONObject($0)?["items"] }
      } else {
        place += ".\(key.stringValue)"
        found = found.flatMap { JSONObject($0)?[key.stringValue] }
        expected = expected.flatMap { Self.property(key.stringValue, of: $0) }
      }
    }
    return ChatError(
      at: place, found: isMissing ? "nothing" : found.map { excerpt($0) } ?? "nothing",
      expected: expected.map { excerpt($0, 400) } ?? "what the tool's schema says")
  }

  private static func element(_ index: Int, of array: String) -> String? {
    var scanner = JSONScanner(Array(array.utf8))
    guard let elements = scanner.array(), elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  static func property(_ name: String, of schema: String) -> String? {
    guard let object = JSONObject(schema) else { return nil }
    return object["properties"].flatMap { JSONObject($0)?[name] } ?? object["additionalProperties"]
  }
}
