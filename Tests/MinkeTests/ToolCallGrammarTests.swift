import Minke
import MinkeChat
import MinkeGrammar
import Testing

@Suite struct `Calls of tools as grammars` {
  private func grammar(_ format: ToolCallFormat, _ choice: ToolChoice) throws -> Grammar {
    let schema = #"""
      {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false}
      """#
    let tools = try ["weather", "weather_map"].map {
      try ToolDefinition(name: $0, description: "", parameters: schema)
    }
    return try Grammar(ToolCallGrammar(format: format, tools: tools).source(choice, answer: nil))
  }

  private static func call(_ format: ToolCallFormat, _ name: String, _ arguments: String) -> String {
    let frame = format.frames(of: name)[0]
    return (format.callOpener ?? "") + frame.opening + arguments + frame.closing
  }

  @Test(arguments: ToolCallFormat.allCases, [ToolChoice.auto, .required, .named("weather")])
  func `Only tools that there are, with arguments of their schemas`(
    format: ToolCallFormat, choice: ToolChoice
  ) throws {
    let grammar = try grammar(format, choice)
    func accepts(_ text: String) throws -> Bool { try grammar.matches(text.utf8) }
    let good = Self.call(format, "weather", #"{"city": "Kyoto"}"#)
    #expect(try accepts(good))
    // Where nothing marks a call, what names no tool is text.
    let isText = format == .llama3 && choice == .auto
    #expect(try accepts(Self.call(format, "sail", #"{"city": "Kyoto"}"#)) == isText)
    #expect(try !accepts(Self.call(format, "weather", #"{"town": "Kyoto"}"#)))
    #expect(try accepts("Good day.") == (choice == .auto))
    #expect(try accepts("") == (choice == .auto))
    let map = Self.call(format, "weather_map", #"{"city": "Kyoto"}"#)
    #expect(try accepts(map) == (choice != .named("weather")))
    let separator = format == .llama3 ? "; " : "\n"
    #expect(try accepts(good + separator + good) == (choice != .named("weather")))
    // Whatever is accepted as a call is read as one.
    var parser = ToolCallParser(format)
    let events = parser.push(good) + parser.finish()
    #expect(events == [.call(ToolCall(name: "weather", arguments: #"{"city": "Kyoto"}"#))])
  }

  /// Nothing marks a call of Llama's but that it is an object with a tool's name.
  @Test func `A bare object may be an answer, unless it names a tool`() throws {
    let grammar = try grammar(.llama3, .auto)
    for text in [
      #"{"name": "Ahab", "age": 58}"#, #"{ "title": "x"}"#, "{}", "{", " {\"name\"", #"{"name": "weather"#,
      "}", "[1]",
    ] { #expect(try grammar.matches(text.utf8), "\(text)") }
    for text in [
      #"{"name": "weather", "parameters": {}}"#, #"{ "name" : "weather", "parameters": {"x": 1}}"#,
      "\n;{\"parameters\": {\"city\": 1}, \"name\": \"weather\"}", #"{"arguments": {}, "name": "weather"}"#,
    ] { #expect(try !grammar.matches(text.utf8), "\(text)") }
  }

  @Test func `A schema that cannot be kept to is an error of strict tools, and any object of others`() throws
  {
    let schema = #"{"type": "object", "properties": {"a": {"type": "array", "uniqueItems": true}}}"#
    for isStrict in [false, true] {
      let tool = try ToolDefinition(name: "t", description: "", parameters: schema, isStrict: isStrict)
      let source = ToolCallGrammar(format: .hermes, tools: [tool])
      if isStrict {
        let error = #expect(throws: MinkeError.self) { try source.source(.auto, answer: nil) }
        #expect(error?.description.contains("uniqueItems") == true)
      } else {
        let grammar = try Grammar(source.source(.required, answer: nil))
        #expect(try grammar.matches(Self.call(.hermes, "t", #"{"a": [1, 1]}"#).utf8))
      }
    }
  }
}
