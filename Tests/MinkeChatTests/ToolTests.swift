import MinkeChat
import Testing

private struct WeatherArguments: Decodable, Sendable, SchemaDescribing {
  enum Unit: String, Decodable, CaseIterable { case celsius, kelvin }
  struct Point: Decodable { var latitude: Double }
  var place: String
  var days: UInt8?
  var unit: Unit?
  var points: [Point]?
  static var propertyDescriptions: [String: String] { ["place": "City and country"] }
}

private struct Weather: Encodable {
  var place: String
  var degrees: Double
}

private struct Failure: Error, CustomStringConvertible { var description: String { "no satellite" } }

@Suite struct `A tool` {
  private func weather() throws -> Tool {
    try Tool("get_weather", "The weather at a place") {
      (arguments: WeatherArguments) async throws -> Weather in
      if arguments.place == "Atlantis" { throw Failure() }
      if arguments.place == "nowhere" { throw CancellationError() }
      return Weather(place: arguments.place + "/" + (arguments.unit?.rawValue ?? "-"), degrees: 21.5)
    }
  }

  @Test func `is defined by the type of its arguments`() throws {
    let tool = try weather()
    #expect(tool.name == "get_weather")
    #expect(
      tool.definition.json.hasPrefix(
        #"{"type": "function", "function": {"name": "get_weather", "description": "The weather at a place", "#
          + #""parameters": {"type": "object", "properties": {"place": {"description": "City and country", "#
          + #""type": "string"}, "days": {"type": "integer", "minimum": 0, "maximum": 255}"#))
    #expect(throws: ChatError.self) { try Tool("f", "") { (_: [Int]) in "" } }
    #expect(throws: ChatError.self) { try Tool("f", "") { (_: String) in "" } }
  }

  @Test func `gives its result as JSON, and text as it is`() async throws {
    let result = try await weather().call(#"{"place": "Kyoto", "unit": "celsius"}"#)
    #expect(result == #"{"degrees":21.5,"place":"Kyoto/celsius"}"#)
    let text = try Tool("now", "The time") { "half past \"ten\"" }
    for arguments in ["{}", "", " \n", "null"] {
      #expect(try await text.call(arguments) == "half past \"ten\"")
    }
    let number = try Tool("pi", "") { Double.nan }
    #expect(try await number.call("{}") == #""nan""#)
  }

  @Test(arguments: [
    (
      #"{"place": 5}"#,
      #"arguments.place: found 5; expected {"description": "City and country", "type": "string"}"#
    ),
    (
      "{}", #"arguments.place: found nothing; expected {"description": "City and country", "type": "string"}"#
    ),
    (
      #"{"place": null}"#,
      #"arguments.place: found null; expected {"description": "City and country", "type": "string"}"#
    ),
    (
      #"{"place": "x", "days": 300}"#,
      #"arguments.days: found 300; expected {"type": "integer", "minimum": 0, "maximum": 255}"#
    ),
    (
      #"{"place": "x", "days": 1.5}"#,
      #"arguments.days: found 1.5; expected {"type": "integer", "minimum": 0, "maximum": 255}"#
    ),
    (
      #"{"place": "x", "unit": "rankine"}"#,
      #"arguments.unit: found "rankine"; expected {"type": "string", "enum": ["celsius", "kelvin"]}"#
    ),
    (
      #"{"place": "x", "points": [{"latitude": 1}, {"latitude": "north"}]}"#,
      #"arguments.points[1].latitude: found "north"; expected {"type": "number"}"#
    ),
    (
      #"{"place": "x", "points": [{}]}"#,
      #"arguments.points[0].latitude: found nothing; expected {"type": "number"}"#
    ),
    (#"{"place": "x", "units": 1}"#, #"arguments: found "units"; expected only place, days, unit, points"#),
    ("[1]", "arguments: found [1]; expected a JSON object"),
    (#"{"place": "#, #"arguments: found {"place": ; expected a JSON object"#),
  ])
  func `tells the model what is wrong with its arguments`(arguments: String, expected: String) async throws {
    let tool = try weather()
    let error = await #expect(throws: ChatError.self) { try await tool.call(arguments) }
    #expect(error?.description == expected)
  }

  @Test func `answers a call with a message`() async throws {
    let tool = try weather()
    let good = try await tool.answer(ToolCall(id: "7", name: "get_weather", arguments: #"{"place": "Oslo"}"#))
    #expect(good.role == .tool)
    #expect(good.toolCallID == "7")
    #expect(good.name == "get_weather")
    #expect(good.content == #"{"degrees":21.5,"place":"Oslo/-"}"#)
    let bad = try await tool.answer(ToolCall(name: "get_weather", arguments: "{}"))
    #expect(bad.content?.hasPrefix("Error: arguments.place: found nothing") == true)
    let failed = try await tool.answer(ToolCall(name: "get_weather", arguments: #"{"place": "Atlantis"}"#))
    #expect(failed.content == "Error: no satellite")
    // A tool that gave up by itself is an error to read, unless the task that asks was cancelled.
    let nowhere = ToolCall(name: "get_weather", arguments: #"{"place": "nowhere"}"#)
    #expect(try await tool.answer(nowhere).content?.hasPrefix("Error: ") == true)
    let cancelled = Task {
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      return try await tool.answer(nowhere)
    }
    await #expect(throws: CancellationError.self) { try await cancelled.value }
  }
}
