#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The files of one folder, by plain names, none of which leads out of it.
///
/// A file may be a link to one in the same folder, or to a blob, as the Hugging Face cache has it
/// (`models--…/snapshots/REVISION` with links to `models--…/blobs`) and Minke's store (`files/…` with links to `blobs`). A folder that somebody else made can thus not have a
/// file of this machine read for its own.
struct FolderFiles: Sendable {
  let path: String
  /// Real paths of the folders that files may really lie in.
  private let permitted: [String]

  /// - Throws: when there is no folder at `path`.
  init(_ path: String) throws(CheckpointError) {
    guard let root = Self.realPath(path), Self.isFolder(root) else {
      throw CheckpointError(
        .unreadable, path: path, at: .file, found: "no folder", expected: "a folder",
        remedy: "check the path and its permissions")
    }
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    permitted = [root] + (Self.blobs(of: root).map { [$0] } ?? [])
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether a name that a file states is one of a file beside it.
  static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 255 && name != "." && name != ".."
      && !name.unicodeScalars.contains {
        $0 == "/" || $0 == "\\" || $0.properties.generalCategory == .control
      }
  }

  /// The folder's name; in the Hugging Face cache, the model's.
  var name: String? {
    let parts = permitted[0].split(separator: "/").map(String.init)
    // `models--OWNER--NAME/snapshots/REVISION`
    guard permitted.count > 1, parts.count >= 3 else { return parts.last }
    return parts[parts.count - 3].split(separator: "--").last.map(String.init)
  }

  func has(_ name: String) -> Bool { Self.realPath(path + "/" + name) != nil }

  /// The file called `name`; nil where there is none.
  ///
  /// - Throws: when it leads out of the folder, or cannot be read.
  func open(_ name: String) throws(CheckpointError) -> MappedFile? {
    let shown = path + "/" + name
    guard let real = Self.realPath(shown) else { return nil }
    guard let slash = real.lastIndex(of: "/"), permitted.contains(String(real[..<slash])) else {
      throw CheckpointError(
        .unreadable, path: shown, at: .file, found: "a link that leaves the folder",
        expected: "a file in the folder", remedy: "copy the file into the folder")
    }
    return try MappedFile(path: real, name: shown)
  }

  /// The bytes of a small file called `name`; nil where there is none.
  func read(_ name: String, limit: Int) throws(CheckpointError) -> [UInt8]? {
    guard let file = try open(name) else { return nil }
    guard file.count <= limit else {
      throw CheckpointError(
        .unsupported, path: file.path, at: .file, found: "\(file.count) bytes", expected: "at most \(limit)")
    }
    return unsafe file.withBytes(in: 0..<file.count) { unsafe Array($0) }
  }

  /// The members of the JSON object in the file called `name`; nil where there is none.
  func fields(_ name: String, limit: Int) throws(CheckpointError) -> JSONFields? {
    guard let bytes = try read(name, limit: limit) else { return nil }
    return try JSONFields(bytes, path: path + "/" + name)
  }

  /// The folder beside `root` that its links may lead to.
  private static func blobs(of root: String) -> String? {
    let parts = root.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 4 else { return nil }
    let isSnapshot = parts[parts.count - 2] == "snapshots" && parts[parts.count - 3].hasPrefix("models--")
    let isStored = parts[parts.count - 2] == "files" && isDigest(parts[parts.count - 1])
    return isSnapshot || isStored ? parts.dropLast(2).joined(separator: "/") + "/blobs" : nil
  }

  private static func isDigest(_ name: Substring) -> Bool {
    name.utf8.count == 64 && name.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
  }

  /// The path without links; nil where it leads nowhere.
  private static func realPath(_ path: String) -> String? {
    guard !path.utf8.contains(0), let found = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(found) }
    return unsafe String(validatingCString: found)
  }
}
