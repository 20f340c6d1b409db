internal import Foundation
internal import MinkeCheckpoints

extension Manifest {
  /// The manifest of files that lie outside the store, from what the first of them says of itself.
  ///
  /// Reads all of them for their digests.
  ///
  /// - Parameter paths: all files of one model, in order.
  package init(
    describing paths: [String], name: ModelName? = nil, shouldStop: () -> Bool = { false }
  ) throws(HubError) {
    guard let first = paths.first else { throw .noSuchFile(path: "") }
    let summary: CheckpointSummary
    do {
      summary = try GGUFFile(path: first).summary
    } catch {
      throw .damagedModel(error)
    }
    var files: [File] = []
    for path in paths {
      let digest = try SHA256Digest(ofFile: path, shouldStop: shouldStop)
      guard let size = FileSystem.size(ofFile: path) else { throw .noSuchFile(path: path) }
      files.append(File(name: (path as NSString).lastPathComponent, digest: digest, size: size))
    }
    let name = if let name { name } else { try ModelName(fileName: files[0].name) }
    self.init(
      name: name, title: summary.name ?? name.description, license: summary.license ?? "not stated",
      architecture: summary.architecture ?? "not stated", files: files, source: files[0].name,
      added: Self.now)
  }
}

extension ModelName {
  /// The name that a file's name suggests: `Llama-3.2-1B-Q4_K_M.gguf` is `llama-3.2-1b:q4_k_m`.
  package init(fileName: String) throws(HubError) {
    var stem = fileName.lowercased()
    if stem.hasSuffix(".gguf") { stem.removeLast(5) }
    if let part = stem.range(of: "-[0-9]{5}-of-[0-9]{5}$", options: .regularExpression) {
      stem.removeSubrange(part)
    }
    var tag = "latest"
    if let type = stem.range(of: "[-._](i?q[0-9][a-z0-9_]*|b?f16|f32)$", options: .regularExpression),
      type.lowerBound != stem.startIndex
    {
      tag = String(stem[type].dropFirst())
      stem.removeSubrange(type)
    }
    let allowed = stem.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" }
    let name = String(allowed.drop { !$0.isLetter && !$0.isNumber }.prefix(64))
    try self.init(name: name.isEmpty ? "model" : name, tag: tag)
  }
}
