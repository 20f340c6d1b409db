internal import Foundation
internal import MinkeCheckpoints

/// Writes a program and a model into one file that runs.
package struct BundleWriter: Sendable {
  /// The program; one that carries a model already lends only itself.
  package var program: String
  package var manifest: Manifest
  /// The model's files, in the manifest's order.
  package var files: [String]

  package init(program: String, manifest: Manifest, files: [String]) {
    self.program = program
    self.manifest = manifest
    self.files = files
  }

  /// Makes the bundle at `target`, which appears only when it is complete and on the disk.
  ///
  /// - Parameter progress: called with the bytes written so far and at the end.
  /// - Returns: bytes of the bundle.
  package func write(
    to target: String, progress: (_ completed: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(HubError) -> Int {
    var manifest = manifest
    // Where the maker of the bundle had it from is not its reader's business, who could not check it.
    manifest.origin = nil
    let description = try manifest.encoded()
    let programLength = try Self.programLength(program)
    var lengths: [Int] = []
    for (file, path) in zip(manifest.files, files) {
      guard let size = FileSystem.size(ofFile: path) else { throw .noSuchFile(path: path) }
      guard size == file.size else { throw .damagedBlob(path: path, found: size, expected: file.size) }
      lengths.append(size)
    }
    guard
      let layout = BundleLayout(
        programLength: programLength, fileLengths: lengths, manifestLength: description.count)
    else { throw .fileSystem(operation: "bundle", path: target, reason: "the model is empty or too long") }
    try FileSystem.requireRoom(layout.count, at: FileSystem.folder(of: target), called: target)

    let temporary = target + ".partial-" + String(UInt64.random(in: 0 ... .max), radix: 36)
    do {
      let copy = try RangeCopy(to: temporary)
      try copy.append(program, 0..<programLength) { progress($0, layout.count) }
      for (path, range) in zip(files, layout.files) {
        try copy.pad(to: range.lowerBound)
        try copy.append(path, 0..<range.count) { progress($0, layout.count) }
      }
      try copy.append(description)
      try copy.append(Data(layout.tail))
      try copy.close()
      try FileSystem.makeExecutable(temporary)
      try FileSystem.synchronize(temporary)
      try FileSystem.move(temporary, to: target)
    } catch {
      try? FileSystem.remove(temporary)
      throw error
    }
    return layout.count
  }

  private static func programLength(_ path: String) throws(HubError) -> Int {
    do {
      if let bundle = try BundleFile(path: path) { return bundle.layout.programLength }
    } catch {
      throw .damagedBundle(error)
    }
    guard let size = FileSystem.size(ofFile: path) else { throw .noSuchFile(path: path) }
    return size
  }
}
