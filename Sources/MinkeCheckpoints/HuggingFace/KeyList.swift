/// Metadata in the making: GGUF keys with the types that their readers expect.
struct KeyList {
  private(set) var metadata: Metadata

  init(path: String) {
    metadata = Metadata(path: path)
  }

  /// Sets a key that is not set yet.
  mutating func set(_ key: String, _ value: MetadataValue) {
    let isNew = metadata.insert(key, value)
    precondition(isNew, "every key is set in one place")
  }

  mutating func set(_ key: String, _ value: String?) {
    if let value { set(key, .string(value)) }
  }

  mutating func set(_ key: String, _ value: Bool) { set(key, .bool(value)) }

  /// A count or an identifier, checked to be below 2^31.
  mutating func set(_ key: String, _ value: Int?) {
    if let value { set(key, .uint32(UInt32(value))) }
  }

  mutating func set(_ key: String, _ value: Double?) {
    if let value { set(key, .float32(Float(value))) }
  }
}
