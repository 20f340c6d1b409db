/// A tool that the model may call.
public struct ToolDefinition: Sendable, Equatable {
  public let name: String
  /// The definition as the template sees it, `{"type": "function", "function": {…}}`, as JSON text: what a
  /// model reads depends on the order of the keys, so it is kept.
  public let json: String
  /// The JSON Schema of the arguments, as text; nil: any object.
  public let parameters: String?
  /// Whether arguments must be valid under ``parameters``, so that a keyword that cannot be kept to is an error; otherwise a
  /// schema with such a keyword means any object.
  public var isStrict: Bool

  /// - Parameters:
  ///   - parameters: a JSON Schema of the arguments, as text.
  ///   - isStrict: see ``isStrict``.
  /// - Throws: if `parameters` is no JSON object.
  public init(
    name: String, description: String, parameters: String, isStrict: Bool = false
  ) throws(ChatError) {
    guard JSONObject(parameters) != nil else {
      throw ChatError(
        at: "parameters of the tool \(name)", found: excerpt(parameters), expected: "a JSON object")
    }
    self.name = name
    self.parameters = parameters
    self.isStrict = isStrict
    json = """
      {"type": "function", "function": {"name": \(quoted(name)), "description": \(quoted(description)), \
      "parameters": \(parameters)}}
      """
  }

  /// - Parameter json: `{"type": "function", "function": {"name": …}}`, or the inner object alone.
  /// - Throws: if it is neither, naming `place`.
  public init(json: String, at place: String = "tool") throws(ChatError) {
    guard let object = JSONObject(json) else {
      throw ChatError(at: place, found: excerpt(json), expected: "a JSON object")
    }
    let inner = object["function"]
    guard let function = inner.map({ JSONObject($0) }) ?? object else {
      throw ChatError(at: "\(place).function", found: excerpt(inner ?? ""), expected: "a JSON object")
    }
    guard let name = function.string("name"), !name.isEmpty else {
      throw ChatError(
        at: inner == nil ? "\(place).name" : "\(place).function.name",
        found: excerpt(function["name"] ?? "nothing"), expected: "the tool's name")
    }
    if let parameters = function["parameters"], parameters != "null", JSONObject(parameters) == nil {
      throw ChatError(
        at: "parameters of the tool \(name)", found: excerpt(parameters), expected: "a JSON object")
    }
    self.name = name
    parameters = function["parameters"].flatMap { $0 == "null" ? nil : $0 }
    isStrict = function["strict"] == "true"
    self.json = inner == nil ? "{\"type\": \"function\", \"function\": \(json)}" : json
  }
}
