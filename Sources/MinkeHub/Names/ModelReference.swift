/// What a person means by MODEL, before it is looked up.
package enum ModelReference: Equatable, Sendable {
  /// A file where it lies.
  case path(String)
  /// A name with or without its tag.
  case name(String, tag: String?)
  /// A place on a network.
  case remote(RemoteReference)
  /// A model in another program's keeping: `ollama:qwen3:4b`.
  case foreign(ForeignCache.Program, String)
  /// Neither, and why.
  case unreadable(String, HubError?)

  /// Reads the text alone: a hub or a web address is a place; anything else with a `/` or ending in `.gguf` is a path.
  package init(_ text: String) {
    do {
      if let remote = try RemoteReference(text) {
        self = .remote(remote)
        return
      }
    } catch {
      self = .unreadable(text, error)
      return
    }
    if let parts = try? ModelName.parts(of: text), parts.name.contains("/") {
      self = .name(parts.name, tag: parts.tag)
    } else if let foreign = ForeignCache.reference(text) {
      self = .foreign(foreign.program, foreign.name)
    } else if text.contains("/") || text.lowercased().hasSuffix(".gguf") {
      self = .path(text)
    } else if let parts = try? ModelName.parts(of: text) {
      self = .name(parts.name, tag: parts.tag)
    } else {
      self = .unreadable(text, nil)
    }
  }
}
