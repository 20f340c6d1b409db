/// A place where a file is to be written, checked before the work begins.
package struct OutputTarget: Sendable {
  package let path: String

  package init(path: String) {
    self.path = path
  }

  /// Refuses to write over a file that is read, under whichever name, or over another that is not to be replaced.
  ///
  /// - Parameter sources: paths of what is read.
  package func check(replacing: Bool, sources: [String]) throws(CheckpointError) {
    guard let target = FileIdentity(path: path) else { return }
    let isSource = sources.contains { path in
      FileIdentity(path: path).map { $0.device == target.device && $0.inode == target.inode } ?? false
    }
    guard !isSource else {
      throw CheckpointError(
        .unwritable, path: path, at: .file, found: "the file that is read", expected: "another file",
        remedy: "name a target that is not the source")
    }
    guard replacing else {
      throw CheckpointError(
        .unwritable, path: path, at: .file, found: "a file that is there already", expected: "no file",
        remedy: "choose another name, or add --force to replace it")
    }
  }
}
