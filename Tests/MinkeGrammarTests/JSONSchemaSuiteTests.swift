import MinkeGrammar
import Testing

@Suite struct `The JSON-Schema-Test-Suite` {
  @Test func `holds wherever a schema is supported, and names the keyword where not`() throws {
    let suite = try JSONSchemaSuite.load()
    var tally = Tally()
    for group in suite.groups { tally.count(group) }
    print(tally)
    #expect(tally.groups == 433)
    #expect(tally.supported == 276)
    for failure in tally.unsound + tally.incomplete + tally.misnamed { Issue.record("\(failure)") }
  }

  private struct Tally: CustomStringConvertible {
    var groups = 0
    var supported = 0
    /// Refused as nothing is valid, which is right.
    var unsatisfiable = 0
    var valid = 0
    var invalid = 0
    /// Leap seconds with an offset, which the formats leave out.
    var leapSeconds = 0
    var unsound: [String] = []
    var incomplete: [String] = []
    var misnamed: [String] = []
    var unsupported: [String: Int] = [:]

    mutating func count(_ group: JSONSchemaSuite.Group) {
      groups += 1
      let grammar: Grammar
      do {
        grammar = try Grammar(.jsonSchema(group.schema))
      } catch {
        refused(group, error)
        return
      }
      supported += 1
      for test in group.cases where !Self.isAnnotation(group, test) {
        let place = "\(group.file): \(group.description): \(test.description)"
        let orders = JSONWriter.orders(of: test.data)
        let accepted = orders.filter { isAccepted($0, .compact, grammar) }
        if test.isValid {
          valid += 1
          let isWhole = accepted.first.map { order in
            JSONWriter.Style.allCases.allSatisfy { isAccepted(order, $0, grammar) }
          }
          guard isWhole != true else { continue }
          if test.description.contains("leap second") {
            leapSeconds += 1
          } else {
            incomplete.append(
              "refused although valid: \(place): \(JSONWriter.text(test.data)) \(group.schema)")
          }
        } else {
          invalid += 1
          if !accepted.isEmpty { unsound.append("accepted although invalid: \(place) \(group.schema)") }
        }
      }
    }

    /// Formats are asserted here, which an implementation may choose.
    private static func isAnnotation(_ group: JSONSchemaSuite.Group, _ test: JSONSchemaSuite.Case) -> Bool {
      group.file == "format.json" && test.description.contains("is only an annotation by default")
    }

    private func isAccepted(_ value: JSONValue, _ style: JSONWriter.Style, _ grammar: Grammar) -> Bool {
      (try? grammar.matches(JSONWriter.text(value, style).utf8)) ?? false
    }

    private mutating func refused(_ group: JSONSchemaSuite.Group, _ error: any Error) {
      let place = (error as? GrammarError)?.place ?? ""
      if place == "grammar", group.cases.allSatisfy({ !$0.isValid }) {
        unsatisfiable += 1
        return
      }
      let keyword = place.split(separator: "/").last.map(String.init) ?? ""
      unsupported[keyword, default: 0] += 1
      if !group.keywords.contains(JSONText(keyword)) {
        misnamed.append("\(group.file): \(group.description): \(error): \(group.schema)")
      }
    }

    var description: String {
      let names = unsupported.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)" }
      return """
        JSON-Schema-Test-Suite: \(supported) of \(groups) groups supported, and \(unsatisfiable) refused as nothing is \
        valid; \(valid) valid instances, \
        \(incomplete.count + leapSeconds) of them refused (\(leapSeconds) for leap seconds); \(invalid) invalid ones, \(unsound.count) of them accepted; \
        unsupported, by groups: \(names.joined(separator: ", "))
        """
    }
  }
}
