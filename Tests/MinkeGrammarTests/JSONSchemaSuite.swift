import Foundation
import MinkeGrammar
import Testing

/// The JSON-Schema-Test-Suite, draft 2020-12, which a script in `Goldens` fetches once.
struct JSONSchemaSuite {
  struct Group {
    let file: String
    let description: String
    let schema: String
    /// The names that occur in the schema.
    let keywords: Set<JSONText>
    let cases: [Case]
  }

  struct Case {
    let description: String
    let data: JSONValue
    let isValid: Bool
  }

  let groups: [Group]

  /// Without a network the test that asks for it is cancelled, saying so; where `CI` is set, it fails.
  static func load() throws -> JSONSchemaSuite {
    let folder = try self.folder()
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }
    var groups: [Group] = []
    for name in names.sorted() {
      let text = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
      guard case .array(let list) = try JSONParser.parse(text) else { continue }
      groups += list.compactMap { Group($0, file: name) }
    }
    return JSONSchemaSuite(groups: groups)
  }

  private static func folder() throws -> String {
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "Goldens/fetch-json-schema-suite")
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", script.path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let environment = ProcessInfo.processInfo.environment
    if [75, 127].contains(process.terminationStatus), (environment["CI"] ?? "").isEmpty {
      try Test.cancel("left out, as the JSON-Schema-Test-Suite is not here and cannot be fetched")
    }
    try #require(process.terminationStatus == 0)
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

extension JSONSchemaSuite.Group {
  fileprivate init?(_ value: JSONValue, file: String) {
    guard let schema = value["schema"], case .string(let description)? = value["description"],
      case .array(let tests)? = value["tests"]
    else { return nil }
    self.file = file
    self.description = "\(description)"
    self.schema = JSONWriter.text(schema)
    keywords = schema.names
    cases = tests.compactMap { test in
      guard let data = test["data"], case .bool(let isValid)? = test["valid"],
        case .string(let description)? = test["description"]
      else { return nil }
      return JSONSchemaSuite.Case(description: "\(description)", data: data, isValid: isValid)
    }
  }
}

extension JSONValue {
  subscript(name: JSONText) -> JSONValue? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  /// The names of all members, at any depth.
  fileprivate var names: Set<JSONText> {
    switch self {
    case .array(let elements): elements.reduce(into: []) { $0.formUnion($1.names) }
    case .object(let members):
      members.entries.reduce(into: []) {
        $0.insert($1.name)
        $0.formUnion($1.value.names)
      }
    default: []
    }
  }
}
