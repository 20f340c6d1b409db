/// A schema as JSON, and what its references lead to.
///
/// References inside the document are followed: `#`, JSON pointers and anchors, also written with the root's
/// own `$id`. A schema with an `$id` of its own is another resource, and refused.
struct SchemaDocument {
  private let root: JSONValue
  private let base: JSONText?
  private var anchors: [JSONText: SchemaLocation] = [:]

  init(_ text: String) throws(GrammarError) {
    root = try JSONParser.parse(text)
    base = root.member("$id")?.string
    try collectAnchors(root, at: .root)
  }

  /// The schema there: an object, true or false.
  func schema(at location: SchemaLocation) throws(GrammarError) -> JSONValue {
    guard location.pointer.bytes.count <= SchemaLocation.maximumLength else {
      throw GrammarError(
        at: "JSON schema", found: "a pointer of \(location.pointer.bytes.count) bytes",
        expected: "at most \(SchemaLocation.maximumLength)")
    }
    guard let value = try value(at: location) else {
      throw GrammarError(at: "\(location)", found: "nothing", expected: "a schema")
    }
    switch value {
    case .bool, .object: return value
    default: throw GrammarError(at: "\(location)", found: value.kind, expected: "an object, true or false")
    }
  }

  private func value(at location: SchemaLocation) throws(GrammarError) -> JSONValue? {
    var value = root
    let parts = location.pointer.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for (index, part) in parts.dropFirst().enumerated() {
      if index > 0, value.member("$id")?.string != nil {
        throw location.unsupported("$id", "a schema inside one with its own $id")
      }
      guard let next = value.child(Self.unescaped(part)) else { return nil }
      value = next
    }
    return value
  }

  private static func unescaped(_ part: ArraySlice<UInt8>) -> JSONText {
    var bytes: [UInt8] = []
    var isEscaped = false
    for byte in part {
      if isEscaped {
        bytes.append(byte == UInt8(ascii: "1") ? UInt8(ascii: "/") : UInt8(ascii: "~"))
        isEscaped = false
      } else if byte == UInt8(ascii: "~") {
        isEscaped = true
      } else {
        bytes.append(byte)
      }
    }
    return JSONText(bytes: bytes)
  }

  /// The schema that a `$ref` in the schema at `location` means.
  func target(of reference: JSONText, at location: SchemaLocation) throws(GrammarError) -> SchemaLocation {
    var bytes = reference.bytes[...]
    if let base, !base.bytes.isEmpty {
      let own = base.bytes.last == UInt8(ascii: "#") ? base.bytes.dropLast() : base.bytes[...]
      if bytes.starts(with: own), bytes.count == own.count || bytes[own.endIndex] == UInt8(ascii: "#") {
        bytes = bytes.dropFirst(own.count)
        if bytes.isEmpty { return .root }
      }
    }
    guard bytes.first == UInt8(ascii: "#"), let fragment = Self.percentDecoded(bytes.dropFirst()) else {
      throw location.unsupported("$ref", "the reference \(reference) to another document")
    }
    if !fragment.isEmpty, fragment[0] != UInt8(ascii: "/") {
      guard let target = anchors[JSONText(bytes: fragment)] else {
        throw location.error("$ref", found: "the unknown anchor \(reference)", expected: "an $anchor")
      }
      return target
    }
    // Once more, so that one schema has one location however it is written.
    var target = SchemaLocation.root
    for part in fragment.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst() {
      target = target.appending(Self.unescaped(part))
    }
    guard try value(at: target) != nil else {
      throw location.error(
        "$ref", found: "the reference \(reference), where nothing is", expected: "a schema of this document")
    }
    return target
  }

  private static func percentDecoded(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        result.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else { return nil }
      result.append(value)
      rest = rest.dropFirst(2)
    }
    return result
  }

  /// Looks for anchors where schemas are, and not in values such as those of `enum`.
  private mutating func collectAnchors(_ value: JSONValue, at location: SchemaLocation) throws(GrammarError) {
    guard case .object(let members) = value else { return }
    if location != .root, members["$id"] != nil { return }
    guard location.pointer.bytes.count <= SchemaLocation.maximumLength else { return }
    for keyword in ["$anchor", "$dynamicAnchor"] as [JSONText] {
      guard let name = members[keyword]?.string else { continue }
      guard anchors.updateValue(location, forKey: name) == nil else {
        throw location.error(keyword, found: "a second anchor \(name)", expected: "each anchor once")
      }
    }
    for (name, member) in members.entries {
      let place = location.appending(name)
      switch (SchemaKeywords.subschemas[name], member) {
      case (.schema, _): try collectAnchors(member, at: place)
      case (.list, .array(let list)):
        for (index, item) in list.enumerated() { try collectAnchors(item, at: place.appending(index)) }
      case (.map, .object(let map)):
        for (key, item) in map.entries { try collectAnchors(item, at: place.appending(key)) }
      default: break
      }
    }
  }
}

extension JSONValue {
  /// The text, if it is a string.
  var string: JSONText? { if case .string(let text) = self { text } else { nil } }

  /// The member of that name, if it is an object with one.
  func member(_ name: JSONText) -> JSONValue? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  /// The member or element of that name, as in a JSON pointer.
  fileprivate func child(_ name: JSONText) -> JSONValue? {
    guard case .array(let elements) = self else { return member(name) }
    guard let index = Int("\(name)"), elements.indices.contains(index) else { return nil }
    return elements[index]
  }
}
