/// A model on disk, in GGUF's terms: metadata by GGUF's keys, tensors by GGUF's names, with its shapes and its order of
/// rows.
///
/// A ``GGUFFile`` holds them so. A ``HuggingFaceFolder`` is read as if it did, so that running a folder and writing it as
/// a GGUF file are the same up to where the bytes go.
package protocol Checkpoint: Sendable {
  /// Of the file (the first of several) or the folder.
  var path: String { get }
  var metadata: Metadata { get }
  /// Every tensor, as the headers announce it.
  var tensors: [TensorRecord] { get }
  /// Bytes of all files together.
  var fileSize: Int { get }
  /// Every file that decides on the tensors, in a fixed order.
  var parts: [MappedFile] { get }
  /// Raised where a change of this code makes other tensors of the same files.
  var recipe: Int { get }

  func hasTensor(named name: String) -> Bool

  /// The tensor of this name. Throws when there is none, when its type is not supported, or when its data lies beyond the
  /// end of its file.
  func weight(named name: String) throws(CheckpointError) -> CheckpointTensor

  /// Gives back the memory of what a tokenizer has a copy of.
  func releaseMetadataPages()
}

extension Checkpoint {
  /// The tensor of this name, which must have exactly these dimensions (columns first).
  package func weight(
    named name: String, dimensions: [Int]
  ) throws(CheckpointError) -> CheckpointTensor {
    let tensor = try weight(named: name)
    try checkShape(tensor.dimensions, is: dimensions, of: name)
    return tensor
  }

  func checkShape(_ found: [Int], is expected: [Int], of name: String) throws(CheckpointError) {
    guard found != expected else { return }
    func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: " × ") }
    throw CheckpointError(
      .malformed, path: path, at: .tensor(name), found: "the shape \(text(found))",
      expected: "\(text(expected)), as the metadata say")
  }

  /// Checks that every tensor is of a supported type and lies within its file. Throws for the first that does not.
  package func validateTensors() throws(CheckpointError) {
    for tensor in tensors { _ = try weight(named: tensor.name) }
  }
}

extension GGUFFile: Checkpoint {
  /// Tensors are the file's.
  package var recipe: Int { 0 }

  package func weight(named name: String) throws(CheckpointError) -> CheckpointTensor {
    CheckpointTensor(try tensor(named: name))
  }
}

/// Whether there is a folder in Hugging Face layout at `path`, be it one that cannot be used.
package func isModelFolder(_ path: String) -> Bool {
  (try? FolderFiles(path))?.has("config.json") ?? false
}

/// Opens what is at `path`: a folder in Hugging Face layout, or a GGUF file; for a split one, any of its parts.
package func openCheckpoint(path: String) throws(CheckpointError) -> any Checkpoint {
  if FolderFiles.isFolder(path) { return try HuggingFaceFolder(path: path) }
  return try GGUFFile(path: path)
}
