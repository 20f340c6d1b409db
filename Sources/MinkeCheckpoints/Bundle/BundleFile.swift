/// A program that carries a model, mapped read-only.
///
///     if let bundle = try BundleFile(path: "/usr/local/bin/r1") { let model = try GGUFFile(bundle) }
package struct BundleFile: Sendable {
  package let path: String
  package let layout: BundleLayout
  /// What the bundle says of its model: text that whoever made it understands.
  package let manifest: [UInt8]

  /// More than any manifest needs.
  private static let mostManifestBytes = 1 << 20

  /// Opens the bundle at `path`; nil when the file there is none.
  package init?(path: String) throws(CheckpointError) {
    try self.init(MappedFile(path: path))
  }

  init?(_ file: MappedFile) throws(CheckpointError) {
    guard let layout = try BundleLayout(of: file) else { return nil }
    guard layout.manifest.count <= Self.mostManifestBytes else {
      throw CheckpointError(
        .malformed, path: file.path, at: .field("manifest"), found: "\(layout.manifest.count) bytes",
        expected: "at most \(Self.mostManifestBytes)")
    }
    path = file.path
    self.layout = layout
    manifest = unsafe file.withBytes(in: layout.manifest) { unsafe Array($0) }
  }

  /// The files of the model, each mapped where it lies.
  func openFiles() throws(CheckpointError) -> [MappedFile] {
    var opened: [MappedFile] = []
    for range in layout.files { opened.append(try MappedFile(path: path, range: range)) }
    return opened
  }
}
